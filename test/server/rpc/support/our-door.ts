import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import { announceHome } from '../../../../lib/runtime/open-homes';
import type { Store, StoreDriver } from '../../../../lib/store';
import { readConfiguration } from '../../../../server/configuration';
import { openSignIn } from '../../../../server/open-sign-in';
import { RPC_PATH, rpcDoor, rpcRefused, type RpcDoor, type RpcDoorOptions } from '../../../../server/rpc';
import { FrontDoor, signInPages } from '../../../../server/sign-in';
import { newFolder, removeFolder } from '../../../support/store';
import { signedIn } from '../../sign-in/support/client';

export interface OurDoor {
  /** Of the door; functions are below `RPC_PATH`. */
  readonly address: string;
  readonly key: string;
  readonly rpc: RpcDoor;
  readonly failures: readonly unknown[];
  /** Where only the webhook is published. */
  readonly webhookAddress: string;
  /** Signs a person in. @returns the cookie */
  personCookie(name: 'admin' | 'viewer'): Promise<string>;
  stop(): Promise<void>;
}

/** The real front door with real accounts before our rpc door, over any store. */
export async function openOurDoor(
  driver: StoreDriver | null,
  { practice = false, ...options }: Partial<RpcDoorOptions> & { readonly practice?: boolean } = {},
): Promise<OurDoor> {
  const home = newFolder();
  const keys = join(home, 'keys');
  mkdirSync(keys);
  const configuration = readConfiguration({ home, port: '0' }, {});
  const { signIn, made } = await openSignIn(home, practice, configuration, () => undefined);
  const failures: unknown[] = [];
  const onFailure = (failure: unknown): void => void failures.push(failure);
  const rpc = rpcDoor({ home, now: Date.now, onFailure, ...options });
  const door = new FrontDoor({
    signIn,
    pages: signInPages({ signIn, timeZone: 'UTC', landing: '/dashboard', onFailure }),
    handOn: () => undefined,
    refusedForm: rpcRefused,
    onFailure,
  });
  door.behind.on('request', express().use(RPC_PATH, rpc.routes));
  const forget = announceHome(home, {
    // Only the driver is asked for.
    inside: { driver, store: {} as Store, facts: () => Promise.reject(new Error('not asked for')) },
  });
  const address = `http://127.0.0.1:${await door.listen('127.0.0.1', 0, 'everything')}`;
  const webhookAddress = `http://127.0.0.1:${await door.listen('127.0.0.1', 0, 'webhook')}`;
  return {
    address,
    webhookAddress,
    rpc,
    failures,
    key: readFileSync(join(keys, 'service.key'), 'utf8').trim(),
    personCookie: (name) => signedIn(address, name, made.find((one) => one.name === name)?.password ?? ''),
    stop: async () => {
      await door.close();
      forget();
      removeFolder(home);
    },
  };
}
