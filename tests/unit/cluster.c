/*
 * cluster.c - a private PostgreSQL server for one test program
 */
#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char bin_dir[PATH_MAX];
static char dir[] = "/tmp/vals-db.XXXXXX";
static char url[128];
static pid_t postmaster;

static void
cluster_die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* VALS_PG_BINDIR, or the newest of Debian's folders. */
int
cluster_is_possible(void)
{
	const char *given = getenv("VALS_PG_BINDIR");
	glob_t found;

	if (given != NULL) {
		snprintf(bin_dir, sizeof(bin_dir), "%s", given);
		return 1;
	}
	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) != 0)
		return 0;
	snprintf(bin_dir, sizeof(bin_dir), "%s", found.gl_pathv[found.gl_pathc - 1]);
	*strrchr(bin_dir, '/') = '\0';
	globfree(&found);
	return geteuid() != 0 || getpwnam("postgres") != NULL;
}

/* In a child: become the user the server runs as, quietly, and die with the test. */
static void
cluster_become_server(const char *log_name)
{
	const struct passwd *user;
	char path[PATH_MAX];
	int fd;

	if (geteuid() == 0) {
		user = getpwnam("postgres");
		if (user == NULL || initgroups(user->pw_name, user->pw_gid) != 0 ||
		    setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
			_exit(126);
	}
	prctl(PR_SET_PDEATHSIG, SIGINT);
	snprintf(path, sizeof(path), "%s/%s", dir, log_name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || chdir(dir) != 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
}

static pid_t
cluster_spawn(const char *program, char **argv)
{
	char path[PATH_MAX + 16];
	pid_t pid = fork();

	if (pid < 0)
		cluster_die("fork");
	if (pid > 0)
		return pid;
	cluster_become_server(program);
	snprintf(path, sizeof(path), "%s/%s", bin_dir, program);
	/* PostgreSQL looks for its other programs where its first argument says, else in PATH. */
	argv[0] = path;
	execv(path, argv);
	_exit(127);
}

void
cluster_create(void)
{
	char initdb[] = "initdb", data[] = "--pgdata=data", user[] = "--username=postgres",
	    trust[] = "--auth=trust", utf8[] = "--encoding=UTF8", locale[] = "--locale=C.UTF-8",
	    nosync[] = "--no-sync";
	char *argv[] = { initdb, data, user, trust, utf8, locale, nosync, NULL };
	const struct passwd *owner;
	int status;

	if (mkdtemp(dir) == NULL)
		cluster_die("mkdtemp");
	if (geteuid() == 0 && ((owner = getpwnam("postgres")) == NULL ||
	    chown(dir, owner->pw_uid, owner->pw_gid) != 0))
		cluster_die("chown");
	if (waitpid(cluster_spawn("initdb", argv), &status, 0) < 0 || status != 0)
		cluster_die("initdb");
	snprintf(url, sizeof(url), "postgresql:///postgres?host=%s", dir);
	cluster_start();
}

/* The server says in its pid file when it takes connections. */
static int
cluster_is_ready(void)
{
	char path[PATH_MAX], text[1024];
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/data/postmaster.pid", dir);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return strtol(text, NULL, 10) == postmaster && strstr(text, "\nready") != NULL;
}

void
cluster_start(void)
{
	char postgres[] = "postgres", data[] = "-Ddata", sockets[sizeof(dir) + 2],
	    no_tcp[] = "-clisten_addresses=", no_sync[] = "-F", slots[] = "-cmax_connections=30";
	char *argv[] = { postgres, data, sockets, no_tcp, no_sync, slots, NULL };
	struct timespec pause = { .tv_nsec = 20000000 };

	snprintf(sockets, sizeof(sockets), "-k%s", dir);
	postmaster = cluster_spawn("postgres", argv);
	for (int i = 0; i < 1500; i++) {
		if (cluster_is_ready())
			return;
		if (waitpid(postmaster, NULL, WNOHANG) != 0)
			break;
		nanosleep(&pause, NULL);
	}
	cluster_die("postgres does not start");
}

void
cluster_stop(void)
{
	if (postmaster <= 0)
		return;
	kill(postmaster, SIGCONT);
	kill(postmaster, SIGINT);
	waitpid(postmaster, NULL, 0);
	postmaster = 0;
}

static int
cluster_remove(const char *path, const struct stat *sb, int type, struct FTW *place)
{
	(void)sb;
	(void)type;
	(void)place;
	return remove(path);
}

void
cluster_destroy(void)
{
	cluster_stop();
	nftw(dir, cluster_remove, 16, FTW_DEPTH | FTW_PHYS);
}

pid_t
cluster_pid(void)
{
	return postmaster;
}

const char *
cluster_url(void)
{
	return url;
}

const char *
cluster_dir(void)
{
	return dir;
}
