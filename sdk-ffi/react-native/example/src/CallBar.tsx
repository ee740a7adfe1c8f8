import { Side, useCall, useWallet } from '@saathii/react-native';
import { Alert, Button, StyleSheet, Text, View } from 'react-native';

/** The call that goes on, or rings, below whatever is shown. */
export function CallBar() {
  const { call, ringing, answer, end, leave } = useCall({ incoming: true });
  const { balance } = useWallet();
  if (call === undefined) return null;

  const { state, side } = call;
  if (state.tag === 'Ended') {
    const sum = side === Side.Caller ? `${state.coinsSpent} coins spent` : `${state.earned} earned`;
    return (
      <View style={styles.bar}>
        <Text>
          {state.minutes} minutes, {sum}
        </Text>
        <Button title="Close" onPress={leave} />
      </View>
    );
  }
  const hangUp = () => {
    end().catch((error: unknown) => Alert.alert('Still in the call', error instanceof Error ? error.message : String(error)));
  };
  return (
    <View style={[styles.bar, state.lowBalance && styles.low]}>
      <Text>{ringing ? `${ringing.callerUsername} calls` : `Minute ${state.minutes}`}</Text>
      {side === Side.Caller && <Text>{balance?.balanceCoins ?? '…'} coins</Text>}
      {ringing && <Button title="Answer" onPress={answer} />}
      <Button title="Hang up" onPress={hangUp} />
    </View>
  );
}

const styles = StyleSheet.create({
  bar: { flexDirection: 'row', alignItems: 'center', justifyContent: 'space-between', padding: 12, backgroundColor: '#e8f5e9' },
  low: { backgroundColor: '#fff3e0' },
});
