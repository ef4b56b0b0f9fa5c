/*
 * node.mjs - what vals-ws is measured against: Node's socket.io with the same events
 *
 *	node node.mjs SOCKET DATABASE_URL
 *
 * Listens on a unix socket, like vals-ws; hears of new rows of the log by LISTEN, reads them once
 * and emits each to everybody. It asks nobody for rights and waits for no numbering. Prints
 * `listening` when clients may come.
 */
import { createServer } from 'node:http';
import pg from 'pg';
import { Server } from 'socket.io';

const [path, url] = process.argv.slice(2);
const server = createServer();
const io = new Server(server, { serveClient: false });

io.on('connection', (socket) => {
  socket.on('leave-room', ({ room }, answer) => {
    socket.leave(room);
    answer({ success: true });
  });
});

const database = new pg.Client(url);
await database.connect();
let [{ last }] = (await database.query('select coalesce(max(id), 0) as last from vals.event_log')).rows;
let reading = false;
let told = false;

async function readOn() {
  told = true;
  if (reading) return;
  reading = true;
  while (told) {
    told = false;
    const { rows } = await database.query({
      name: 'read',
      text: `select id, payload from vals.event_log where id > $1 and kind = 'lead.updated' order by id limit 500`,
      values: [last],
    });
    for (const { id, payload } of rows) {
      io.emit('lead:updated', payload);
      last = id;
    }
    told ||= rows.length === 500;
  }
  reading = false;
}

database.on('notification', () => readOn());
await database.query('listen vals_event');
server.listen(path, () => console.log('listening'));
