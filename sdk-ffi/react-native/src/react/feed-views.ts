import type { FeedFilter, FeedState, Saathii } from '../client';
import { toSaathiiError } from '../convert';
import type { SaathiiError } from '../error';
import { type Live, LiveValue } from '../live';

export interface FeedViewState extends FeedState {
  isRefreshing: boolean;
  isLoadingMore: boolean;
  /** Why the last pull to refresh, or the last page, failed. */
  error: SaathiiError | undefined;
}

const NOTHING: FeedViewState = {
  listeners: [],
  totalCount: 0,
  onlineCount: 0,
  availableCount: 0,
  hasMore: true,
  isLoaded: false,
  isLive: false,
  isRefreshing: false,
  isLoadingMore: false,
  error: undefined,
};

/** One look at the feed. */
export class FeedView implements Live<FeedViewState> {
  readonly #state = new LiveValue<FeedViewState>(NOTHING);

  constructor(
    private readonly client: Saathii,
    readonly filter: FeedFilter,
    readonly pageSize: number,
    private readonly isOpen: (view: FeedView) => boolean,
  ) {}

  readonly get = (): FeedViewState => this.#state.get();

  readonly subscribe = (onChange: () => void): (() => void) => this.#state.subscribe(onChange);

  /** Reads all pages again, as for a pull to refresh. */
  readonly refresh = async (): Promise<void> => this.#work('isRefreshing', () => this.client.refreshFeed());

  /** Reads the next page, if there is one; safe to call at every scroll. */
  readonly loadMore = async (): Promise<void> => {
    const { hasMore, isLoaded, isLoadingMore } = this.get();
    if (hasMore && isLoaded && !isLoadingMore) await this.#work('isLoadingMore', () => this.client.loadMoreFeed());
  };

  /** Follows these people alone, those on screen. */
  readonly setVisible = (userIds: readonly number[]): void => {
    if (this.isOpen(this)) this.client.setVisible(userIds);
  };

  take(state: FeedState): void {
    this.set(state);
  }

  set(change: Partial<FeedViewState>): void {
    this.#state.set({ ...this.#state.get(), ...change });
  }

  async #work(flag: 'isRefreshing' | 'isLoadingMore', work: () => Promise<void>): Promise<void> {
    if (!this.isOpen(this)) return;
    this.set({ [flag]: true, error: undefined });
    try {
      await work();
    } catch (error) {
      this.set({ error: toSaathiiError(error) });
    } finally {
      this.set({ [flag]: false });
    }
  }
}

/** A client has one live feed. It is the newest look's; an older one shows what it showed, and lives again after it. */
export class FeedViews {
  #views: FeedView[] = [];
  #stops: (() => void)[] = [];

  constructor(private readonly client: Saathii) {}

  create(filter: FeedFilter, pageSize: number): FeedView {
    return new FeedView(this.client, filter, pageSize, (view) => this.#views.at(-1) === view);
  }

  /** Opens a look, until what it returns is called. */
  show(view: FeedView): () => void {
    this.#views.at(-1)?.set({ isLive: false });
    this.#views.push(view);
    if (this.#views.length === 1) this.#begin();
    this.#open();
    return () => {
      const wasNewest = this.#views.at(-1) === view;
      this.#views = this.#views.filter((other) => other !== view);
      if (this.#views.length === 0) this.#end();
      else if (wasNewest) this.#open();
    };
  }

  #begin(): void {
    this.#stops = [
      this.client.feed.subscribe(() => {
        const state = this.client.feed.get();
        // A feed that was opened just now is empty: what the look showed stays until it is read.
        if (state?.isLoaded === true) this.#views.at(-1)?.take(state);
        else this.#views.at(-1)?.set({ isLive: false });
      }),
      // A feed ends with the login.
      this.client.session.subscribe(() => this.#open()),
    ];
  }

  #end(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.client.closeFeed();
  }

  #open(): void {
    const view = this.#views.at(-1);
    if (view === undefined) return;
    if (this.client.session.get() === 'signedIn') this.client.openFeed(view.filter, view.pageSize);
    else view.set({ ...NOTHING });
  }
}
