//! Redis: one multiplexed connection per process, and a prefix before every key.

use std::{fmt::Display, time::Duration};

use redis::{
    Client, ConnectionInfo, ErrorKind, FromRedisValue, RedisError, Script, ToRedisArgs,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::{ExposeSecret, SecretString};

/// A dead Redis must answer "no" at once instead of holding a login.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub struct Redis {
    client: Client,
    connection: ConnectionManager,
    prefix: String,
}

impl Redis {
    /// Connects lazily, so that a server starts, and says that it is not ready, while Redis is away.
    pub fn connect(url: &SecretString, prefix: &str) -> Result<Self, RedisError> {
        let client = Client::open(url.expose_secret())?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(20))
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        Ok(Self { client, connection, prefix: prefix.to_owned() })
    }

    /// A key of this deployment; `kind` names the room's use of it.
    pub fn key(&self, kind: &str, id: impl Display) -> String {
        format!("{}:{kind}:{id}", self.prefix)
    }

    pub async fn ping(&self) -> Result<(), RedisError> {
        redis::cmd("PING").query_async(&mut self.connection.clone()).await
    }

    pub async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, RedisError> {
        command.query_async(&mut self.connection.clone()).await
    }

    /// Sends many commands at once, whose answers nobody needs.
    pub async fn pipeline(&self, commands: &redis::Pipeline) -> Result<(), RedisError> {
        commands.query_async(&mut self.connection.clone()).await
    }

    /// Runs a script: one operation is one round trip, and atomic.
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        args: &[impl ToRedisArgs + Sync],
    ) -> Result<T, RedisError> {
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        for arg in args {
            invocation.arg(arg);
        }
        invocation.invoke_async(&mut self.connection.clone()).await
    }

    /// A connection of its own for subscriptions.
    pub async fn pubsub(&self) -> Result<redis::aio::PubSub, RedisError> {
        let timed_out = |_| RedisError::from((ErrorKind::Io, "no subscription in time"));
        tokio::time::timeout(PATIENCE, self.client.get_async_pubsub()).await.map_err(timed_out)?
    }

    /// What a subscriber is connected to, for the log.
    pub fn address(&self) -> String {
        let info: &ConnectionInfo = self.client.get_connection_info();
        info.addr().to_string()
    }
}
