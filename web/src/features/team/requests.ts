import { api, type Page } from "@/lib/api";
import { queryText } from "@/lib/query";
import type { Account, ApiKey, NewApiKey, Role } from "@/lib/types";

/** More people than this use no dashboard of one business; the lists say when there are. */
const LIST_MAX = 200;

export function fetchAccounts(): Promise<Page<Account>> {
  return api.getPage<Account>(`/users${queryText({ limit: LIST_MAX })}`);
}

export interface NewAccount {
  email: string;
  name: string;
  role: Role;
  password: string;
}

export function createAccount(account: NewAccount): Promise<Account> {
  return api.post<Account>("/users", account);
}

export function updateAccount(id: string, change: { role?: Role; isActive?: boolean }): Promise<Account> {
  return api.put<Account>(`/users/${encodeURIComponent(id)}`, change);
}

export function fetchKeys(): Promise<Page<ApiKey>> {
  return api.getPage<ApiKey>(`/keys${queryText({ limit: LIST_MAX })}`);
}

export function createKey(name: string, scopes: string[] | null): Promise<NewApiKey> {
  return api.post<NewApiKey>("/keys", { name, scopes });
}

export function revokeKey(id: string): Promise<unknown> {
  return api.delete<unknown>(`/keys/${encodeURIComponent(id)}`);
}
