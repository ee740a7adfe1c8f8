import { type OtpSent, type Registration, SaathiiError, Sex, useSession } from '@saathii/react-native';
import { useState } from 'react';
import { Button, StyleSheet, Text, TextInput, View } from 'react-native';

type Step = { name: 'phone' } | { name: 'code'; otp: OtpSent } | { name: 'username'; registration: Registration };

const HINTS: Record<Step['name'], string> = { phone: 'Your phone', code: 'The code', username: 'Your name here' };

/** A phone, its code, and a name for who is new. */
export function SignInScreen() {
  const { requestOtp, state } = useSession();
  const [step, setStep] = useState<Step>({ name: 'phone' });
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();

  const go = async () => {
    setProblem(undefined);
    try {
      if (step.name === 'phone') {
        setStep({ name: 'code', otp: await requestOtp(text) });
      } else if (step.name === 'code') {
        const verified = await step.otp.verify(text);
        if (verified.tag === 'NeedsRegistration') setStep({ name: 'username', registration: verified.registration });
      } else {
        await step.registration.register({ username: text, sex: Sex.Female });
      }
      setText('');
    } catch (error) {
      // What is wrong is typed again; what is over begins anew.
      if (error instanceof SaathiiError && error.code === 'step_used') setStep({ name: 'phone' });
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };

  return (
    <View style={styles.screen}>
      {state === 'ended' && <Text>You were signed out.</Text>}
      <TextInput
        style={styles.input}
        value={text}
        onChangeText={setText}
        placeholder={HINTS[step.name]}
        keyboardType={step.name === 'username' ? 'default' : 'phone-pad'}
        autoFocus
      />
      {problem !== undefined && <Text style={styles.problem}>{problem}</Text>}
      <Button title="Go on" onPress={() => void go()} disabled={text === ''} />
    </View>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1, justifyContent: 'center', padding: 24, gap: 12 },
  input: { borderWidth: 1, borderColor: '#bbb', borderRadius: 8, padding: 12, fontSize: 18 },
  problem: { color: '#c62828' },
});
