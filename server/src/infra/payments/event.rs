//! What Razorpay's webhooks say, as far as it concerns us.

use saathii_shared_types::Paise;
use serde::Deserialize;

/// One delivery; any may come twice, and before what it follows from.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    Captured(Payment),
    Failed(Payment),
    Refunded(Refund),
    /// Nothing to us, by name.
    Other(String),
}

/// A payment as its provider tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Payment {
    #[serde(rename = "id")]
    pub payment_id: String,
    /// None where it was not made for an order, and so not by us.
    pub order_id: Option<String>,
    #[serde(flatten)]
    pub money: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Money {
    pub amount: Paise,
    pub currency: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub refund_id: String,
    pub money: Money,
    /// What it gives back.
    pub payment_id: String,
    /// Of the payment, where the delivery tells of it.
    pub order_id: Option<String>,
}

#[derive(Deserialize)]
struct Delivery {
    event: String,
    #[serde(default)]
    payload: serde_json::Value,
}

#[derive(Deserialize)]
struct Entity<T> {
    entity: T,
}

#[derive(Deserialize)]
struct PaymentPayload {
    payment: Entity<Payment>,
}

#[derive(Deserialize)]
struct RefundPayload {
    refund: Entity<RefundEntity>,
    payment: Option<Entity<Payment>>,
}

#[derive(Deserialize)]
struct RefundEntity {
    id: String,
    payment_id: String,
    #[serde(flatten)]
    money: Money,
}

impl Event {
    /// Reads a body whose signature was checked.
    pub fn parse(body: &[u8]) -> serde_json::Result<Self> {
        let Delivery { event, payload } = serde_json::from_slice(body)?;
        Ok(match event.as_str() {
            "payment.captured" | "order.paid" => Self::Captured(payment(payload)?),
            "payment.failed" => Self::Failed(payment(payload)?),
            "refund.processed" => {
                let RefundPayload { refund: Entity { entity: refund }, payment } = serde_json::from_value(payload)?;
                Self::Refunded(Refund {
                    refund_id: refund.id,
                    money: refund.money,
                    payment_id: refund.payment_id,
                    order_id: payment.and_then(|payment| payment.entity.order_id),
                })
            }
            _ => Self::Other(event),
        })
    }
}

fn payment(payload: serde_json::Value) -> serde_json::Result<Payment> {
    Ok(serde_json::from_value::<PaymentPayload>(payload)?.payment.entity)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(event: &str, payload: &serde_json::Value) -> serde_json::Result<Event> {
        Event::parse(&serde_json::to_vec(&json!({"entity": "event", "event": event, "payload": payload})).unwrap())
    }

    #[test]
    fn deliveries_are_read_as_they_are_documented() {
        let entity = json!({"id": "pay_1", "entity": "payment", "amount": 15000, "currency": "INR",
            "order_id": "order_1", "status": "captured", "notes": []});
        let inr = |amount| Money { amount: Paise(amount), currency: "INR".to_owned() };
        let paid = Payment { payment_id: "pay_1".to_owned(), order_id: Some("order_1".to_owned()), money: inr(15_000) };
        let payload = json!({"payment": {"entity": entity}, "order": {"entity": {"id": "order_1"}}});
        for name in ["payment.captured", "order.paid"] {
            assert_eq!(parse(name, &payload).unwrap(), Event::Captured(paid.clone()));
        }
        assert_eq!(parse("payment.failed", &payload).unwrap(), Event::Failed(paid));
        let refund = json!({"entity": {"id": "rfnd_1", "amount": 4000, "currency": "INR", "payment_id": "pay_1"}});
        let mut refunded = Refund {
            refund_id: "rfnd_1".to_owned(),
            money: inr(4_000),
            payment_id: "pay_1".to_owned(),
            order_id: Some("order_1".to_owned()),
        };
        let told = parse("refund.processed", &json!({"refund": refund, "payment": {"entity": entity}})).unwrap();
        assert_eq!(told, Event::Refunded(refunded.clone()));
        refunded.order_id = None;
        assert_eq!(parse("refund.processed", &json!({"refund": refund})).unwrap(), Event::Refunded(refunded));
        let other = Event::Other("invoice.paid".to_owned());
        assert_eq!(parse("invoice.paid", &json!({"invoice": 1})).unwrap(), other);
        assert!(parse("payment.captured", &json!({"payment": {"entity": {"id": "pay_1"}}})).is_err());
    }
}
