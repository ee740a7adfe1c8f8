import { CallType, type FeedListener, SaathiiError, useCall, useConnection, useFeed } from '@saathii/react-native';
import { useCallback } from 'react';
import { Alert, FlatList, Pressable, RefreshControl, StyleSheet, Text, View } from 'react-native';

/** Who is there, live; a tap calls. */
export function FeedScreen() {
  const feed = useFeed();
  const connection = useConnection();
  const { start } = useCall();

  const callListener = async ({ userId }: FeedListener) => {
    try {
      await start(userId, CallType.Audio);
    } catch (error) {
      const missing = error instanceof SaathiiError ? error.missingCoins : undefined;
      const problem = error instanceof Error ? error.message : String(error);
      Alert.alert('No call', missing === undefined ? problem : `You need ${missing} more coins.`);
    }
  };

  const { setVisible } = feed;
  const followVisible = useCallback(
    ({ viewableItems }: { viewableItems: { item: FeedListener }[] }) => {
      setVisible(viewableItems.map(({ item }) => item.userId));
    },
    [setVisible],
  );

  return (
    <View style={styles.screen}>
      <View style={styles.header}>
        <Text style={styles.title}>Listeners</Text>
        <View style={styles.row}>
          <Text style={styles.small}>
            {feed.availableCount} available • {feed.onlineCount} online
          </Text>
          <View style={[styles.dot, { backgroundColor: connection === 'connected' ? '#4caf50' : '#f44336' }]} />
        </View>
      </View>
      {feed.error !== undefined && <Text style={styles.problem}>{feed.error.message}</Text>}
      <FlatList
        data={feed.listeners}
        keyExtractor={({ userId }) => String(userId)}
        renderItem={({ item }) => <Listener listener={item} onPress={() => void callListener(item)} />}
        refreshControl={<RefreshControl refreshing={feed.isRefreshing} onRefresh={() => void feed.refresh()} />}
        onEndReached={() => void feed.loadMore()}
        onViewableItemsChanged={followVisible}
        ListEmptyComponent={feed.isLoaded ? <Text style={styles.empty}>No listeners available</Text> : undefined}
      />
    </View>
  );
}

function Listener({ listener, onPress }: { listener: FeedListener; onPress: () => void }) {
  const { username, bio, interests, isAvailable, isOnline } = listener;
  const [colour, status] = isAvailable
    ? ['#4caf50', 'Available']
    : isOnline
      ? ['#ff9800', 'Busy']
      : ['#9e9e9e', 'Offline'];
  return (
    <Pressable style={styles.listener} onPress={onPress} disabled={!isAvailable}>
      <Text style={styles.username}>{username}</Text>
      <View style={styles.row}>
        <View style={[styles.dot, { backgroundColor: colour }]} />
        <Text style={styles.small}> {status}</Text>
      </View>
      {bio !== undefined && <Text>{bio}</Text>}
      {interests.length > 0 && <Text style={styles.small}>Interests: {interests.join(', ')}</Text>}
    </Pressable>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1, backgroundColor: '#f5f5f5' },
  header: { flexDirection: 'row', justifyContent: 'space-between', padding: 16, backgroundColor: 'white' },
  title: { fontSize: 20, fontWeight: 'bold' },
  row: { flexDirection: 'row', alignItems: 'center' },
  small: { fontSize: 12, color: '#666' },
  dot: { width: 8, height: 8, borderRadius: 4, marginLeft: 6 },
  problem: { backgroundColor: '#ffebee', color: '#c62828', padding: 12, margin: 16 },
  listener: { backgroundColor: 'white', marginHorizontal: 16, marginVertical: 4, padding: 16, borderRadius: 8, gap: 4 },
  username: { fontSize: 16, fontWeight: 'bold' },
  empty: { textAlign: 'center', marginTop: 50, fontSize: 16, color: '#666' },
});
