import type { Saathii, WalletBalance } from '../client';
import { toSaathiiError } from '../convert';
import type { SaathiiError } from '../error';
import { LiveValue } from '../live';
import { FeedViews } from './feed-views';
import { Reading } from './reading';

/** What all hooks under one provider share. */
export class SharedState {
  readonly feeds: FeedViews;
  readonly wallet: Reading<WalletBalance>;
  /** Why the login could not be read. */
  readonly sessionError = new LiveValue<SaathiiError | undefined>(undefined);
  readonly ringing = new LiveValue<{ callerUsername: string } | undefined>(undefined);

  constructor(readonly client: Saathii) {
    this.feeds = new FeedViews(client);
    this.wallet = new Reading(client, (signal) => client.walletBalance({ signal }));
  }

  /** Until what it returns is called. */
  run(): () => void {
    const { client } = this;
    const controller = new AbortController();
    const follow = () => {
      if (client.session.get() === 'signedIn') {
        client.connect();
        // A call may have gone on while the app was away; where there is none or no answer, nothing is shown.
        client.resumeCall({ signal: controller.signal }).catch(() => undefined);
      }
    };
    const stops = [
      client.session.subscribe(follow),
      client.on('ring', ({ callerUsername }) => this.ringing.set({ callerUsername })),
      client.on('call', ({ state }) => state.tag === 'Ended' && this.ringing.set(undefined)),
      client.on('wallet', (change) => this.wallet.patch((balance) => ({ ...balance, ...change }))),
      client.on('call', (call) => {
        if (call.state.tag === 'Ended') this.wallet.refresh().catch(() => undefined);
        else {
          const { remainingCoins } = call.state;
          if (remainingCoins !== undefined) this.wallet.patch((balance) => ({ ...balance, balanceCoins: remainingCoins }));
        }
      }),
    ];
    follow();
    client.isSignedIn({ signal: controller.signal }).then(
      () => this.sessionError.set(undefined),
      (error: unknown) => !controller.signal.aborted && this.sessionError.set(toSaathiiError(error)),
    );
    return () => {
      controller.abort();
      for (const stop of stops) stop();
      client.disconnect();
    };
  }
}
