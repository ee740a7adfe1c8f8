import NetInfo from '@react-native-community/netinfo';
import { Saathii, SaathiiProvider, secureTokenStore, useSession } from '@saathii/react-native';
import * as SecureStore from 'expo-secure-store';
import { SafeAreaView, Text } from 'react-native';

import { CallBar } from './CallBar';
import { FeedScreen } from './FeedScreen';
import { SignInScreen } from './SignInScreen';

const client = new Saathii({
  // A phone knows the computer by its address in the network, an Android emulator by 10.0.2.2.
  baseUrl: 'http://10.0.2.2:8000',
  tokenStore: secureTokenStore(SecureStore, {
    keychainAccessible: SecureStore.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY,
  }),
});

function Screens() {
  const session = useSession();
  if (session.error) return <Text>{session.error.message}</Text>;
  if (session.state === 'unknown') return null;
  if (!session.isSignedIn) return <SignInScreen />;
  return (
    <>
      <FeedScreen />
      <CallBar />
    </>
  );
}

export function App() {
  return (
    <SaathiiProvider client={client} netInfo={NetInfo}>
      <SafeAreaView style={{ flex: 1 }}>
        <Screens />
      </SafeAreaView>
    </SaathiiProvider>
  );
}
