//! Puts items into a bucket, so that they are what the bucket holds afterwards.

use cartwheel::message::client::RequestError;
use cartwheel_client::{Bucket, Context, Error};

use super::source::too_large;
use super::{Item, ItemValue, Named, Outcome};

/// Writes items into a bucket.
pub struct Writer {
    pub bucket: Bucket,
    /// Whether keys are put without a look at what they hold.
    pub blind: bool,
}

/// What a key held.
enum Held {
    /// The very same.
    Same,
    /// Something else, or nothing; the context covers it.
    Other(Context),
}

impl Writer {
    /// Writes one item, and says what became of it.
    pub async fn write(&self, item: Item) -> Outcome {
        let (name, bytes) = (item.name.clone(), item.len());
        match self.replace(item).await {
            Ok(true) => Outcome::Transferred { bytes },
            Ok(false) => Outcome::Unchanged,
            Err(error) => refused(name, &error),
        }
    }

    /// Whether something had to be written.
    async fn replace(&self, item: Item) -> Result<bool, Error> {
        let mut context = match self.held(&item).await? {
            Held::Same => return Ok(false),
            Held::Other(context) => context,
        };
        for value in item.values {
            let put = self.bucket.put(&item.key, value.bytes);
            let put = put.content_type(value.content_type);
            // Only the first replaces what was there: the others are to be its siblings.
            put.context(std::mem::take(&mut context)).send().await?;
        }
        Ok(true)
    }

    async fn held(&self, item: &Item) -> Result<Held, Error> {
        if self.blind {
            return Ok(Held::Other(Context::default()));
        }
        let object = self.bucket.get(&item.key).send().await?;
        let held = object.values.into_iter().map(ItemValue::from).collect();
        Ok(match same(held, item.values.clone()) {
            true => Held::Same,
            false => Held::Other(object.context),
        })
    }
}

/// Siblings have no order.
fn same(mut left: Vec<ItemValue>, mut right: Vec<ItemValue>) -> bool {
    left.sort();
    right.sort();
    left == right
}

fn refused(name: String, error: &Error) -> Outcome {
    match error.refusal() {
        Some(RequestError::ValueTooLarge { len, limit }) => too_large(name, *len, *limit),
        Some(refusal @ RequestError::KeyLength { .. }) => {
            Outcome::Skipped(Named::new(name, refusal))
        }
        _ => Outcome::Failed(Named::new(name, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(list: &[&'static str]) -> Vec<ItemValue> {
        let value = |text: &&'static str| ItemValue {
            bytes: text.as_bytes().into(),
            content_type: String::new(),
        };
        list.iter().map(value).collect()
    }

    #[test]
    fn siblings_are_compared_without_their_order() {
        assert!(same(values(&["a", "b"]), values(&["b", "a"])));
        assert!(!same(values(&["a"]), values(&["a", "a"])));
        assert!(!same(values(&[]), values(&[""])));
    }
}
