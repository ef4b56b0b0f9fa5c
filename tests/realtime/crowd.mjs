/*
 * crowd.mjs - some of the clients of link.mjs's crowd, in a process of their own
 *
 * Of each client is kept only how far it has come in the events of the mark, and what went wrong
 * on the way. Whatever the parent says is answered with that.
 */
import { io } from 'socket.io-client';

const { size, mark, options } = JSON.parse(process.argv[2]);

function join() {
  const client = { heard: 0, faults: [], reasons: [], connects: 0, recoveries: 0, isIn: false };
  const socket = io(process.env.VALS_URL, { forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 1000, auth: { token: process.env.VALS_ADMIN_TOKEN }, ...options });
  socket.on('lead:updated', ({ leadId, n }) => {
    if (leadId !== mark) return;
    if (n !== client.heard + 1) client.faults.push(`${n} after ${client.heard}`);
    client.heard = n;
  });
  socket.on('connect', () => {
    client.connects += 1;
    client.isIn = true;
    if (socket.recovered) client.recoveries += 1;
    else if (client.connects > 1) client.faults.push(`not recovered at ${client.heard}`);
  });
  socket.on('disconnect', (reason) => {
    client.isIn = false;
    if (!client.reasons.includes(reason)) client.reasons.push(reason);
  });
  return client;
}

const clients = Array.from({ length: size }, join);
process.on('message', () => process.send(clients));
process.on('disconnect', () => process.exit());
