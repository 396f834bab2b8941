import { HttpListener, type HttpTable } from '../listeners/http.ts';
import type { Listener } from '../listeners/listener.ts';
import type { ListenerSpec, ManagedListener, Place } from '../listeners/manager.ts';
import { TcpListener, type TcpTable } from '../listeners/tcp.ts';
import type { Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { Dialer } from '../upstream/dial.ts';

/** A listener of one kind: made with its table, or one that is there already given the table. Without a place it is not bound. */
export function listenerSpec<Table>(
  key: string,
  place: Place | undefined,
  table: Table,
  create: () => ManagedListener & Pick<Listener<Table>, 'use'>,
): ListenerSpec {
  const update = (listener: ManagedListener) => (listener as ReturnType<typeof create>).use(table);
  return { key, place, create, update };
}

export function httpSpec(
  key: string,
  place: Place | undefined,
  table: HttpTable,
  { ticker }: { readonly ticker: Ticker },
  material?: TlsMaterial,
): ListenerSpec {
  return listenerSpec(key, place, table, () => new HttpListener(ticker, table, material));
}

export function tcpSpec(
  key: string,
  place: Place | undefined,
  table: TcpTable,
  { dialer }: { readonly dialer: Dialer },
  material?: TlsMaterial,
): ListenerSpec {
  return listenerSpec(key, place, table, () => new TcpListener(dialer, table, material));
}
