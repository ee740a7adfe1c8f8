// The same bindings where Node runs them: bundles for tests take this file in place of `bindings.ts`.
export * from './generated/node/index';
