// The same bindings where Hermes runs without React Native: whoever starts it has installed the native part already.
import * as sdk from './generated/saathii_sdk_ffi';
import * as types from './generated/saathii_shared_types';

sdk.default.initialize();
types.default.initialize();

export * from './generated/saathii_sdk_ffi';
export * from './generated/saathii_shared_types';
