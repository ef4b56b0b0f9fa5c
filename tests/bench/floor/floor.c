/*
 * floor.c - the least a FastCGI program can do for a row: what ./dev bench floor sets vals-api beside
 *
 *	floor SOCKET DATABASE WORKERS STATEMENT...
 *
 * So many processes take requests from the unix socket SOCKET. GET /api/N/ID runs the Nth statement, prepared once,
 * with ID for $1, and answers its first column; N counts from 0. No rights, no log, no limits, no check of anything.
 * Ends at SIGTERM, or with status 1 and a line on standard error.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcgiapp.h>
#include <libpq-fe.h>

#define BACKLOG 4096

static PGconn *
connect_and_prepare(const char *database, char **statements)
{
	PGconn *conn = PQconnectdb(database);
	PGresult *prepared;
	char name[16];

	for (int n = 0; statements[n] != NULL; n++) {
		snprintf(name, sizeof(name), "%d", n);
		prepared = PQprepare(conn, name, statements[n], 1, NULL);
		if (PQresultStatus(prepared) != PGRES_COMMAND_OK) {
			fprintf(stderr, "floor: %s", PQerrorMessage(conn));
			_exit(1);
		}
		PQclear(prepared);
	}
	return conn;
}

static void
answer(FCGX_Request *request, PGconn *conn)
{
	const char *path = FCGX_GetParam("DOCUMENT_URI", request->envp);
	char name[16] = "", id[64] = "";
	const char *values[] = { id };
	PGresult *found;

	sscanf(path, "/api/%15[0-9]/%63[-0-9a-f]", name, id);
	found = PQexecPrepared(conn, name, 1, values, NULL, NULL, 0);
	if (PQresultStatus(found) == PGRES_TUPLES_OK && PQntuples(found) > 0) {
		FCGX_FPrintF(request->out, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", PQgetlength(found, 0, 0));
		FCGX_PutStr(PQgetvalue(found, 0, 0), PQgetlength(found, 0, 0), request->out);
	} else {
		FCGX_PutS("Status: 500\r\nContent-Length: 0\r\n\r\n", request->out);
	}
	PQclear(found);
}

static void
serve(int listener, const char *database, char **statements)
{
	FCGX_Request request;
	PGconn *conn;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	conn = connect_and_prepare(database, statements);
	FCGX_InitRequest(&request, listener, 0);
	while (FCGX_Accept_r(&request) >= 0) {
		answer(&request, conn);
		FCGX_Finish_r(&request);
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	int listener;

	if (argc < 5) {
		fprintf(stderr, "usage: floor SOCKET DATABASE WORKERS STATEMENT...\n");
		return 1;
	}
	if (FCGX_Init() != 0 || (listener = FCGX_OpenSocket(argv[1], BACKLOG)) == -1) {
		fprintf(stderr, "floor: %s: could not listen\n", argv[1]);
		return 1;
	}
	for (int n = atoi(argv[3]); n > 0; n--)
		if (fork() == 0)
			serve(listener, argv[2], argv + 4);
	while (wait(NULL) > 0)
		;
	return 1;
}
