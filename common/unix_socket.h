/*
 * unix_socket.h - a listening socket in the file system, never over somebody's head
 *
 * A lock beside the socket keeps two processes which start at once from taking it from each
 * other; one that is left over from a process that was killed is replaced.
 */
#ifndef VALS_UNIX_SOCKET_H
#define VALS_UNIX_SOCKET_H

#define UNIX_SOCKET_BACKLOG 4096	/* a short one turns a burst into refusals */

/*
 * Own the path: the lock beside it, or -1 with the reason logged. It ends with
 * the process, or with unix_socket_unlock.
 */
int unix_socket_lock(const char *path);

/* Give the path up; nothing of it is left but the socket itself. */
void unix_socket_unlock(const char *path, int lock);

/*
 * Listen at a path that is locked with this lock: a non-blocking descriptor, or -1 with the reason logged.
 * Owner and group may connect; group is the name of another than our own, or "". A
 * socket which somebody answers is left alone, unless these are the children of an owner that was
 * killed; and so is any file that is no socket.
 * To be called while there is one thread: the mask for new files is another meanwhile.
 */
int unix_socket_listen(const char *path, const char *group, int lock);

#endif
