//! What a worker does with more than one key at a time: batches and listings.

use cartwheel_client::{Error, PutItem, Written};

use super::worker::{Place, Worker};

/// The most items of a batch. There are fewer keys, so that some come twice in one.
const ITEMS_MAX: u64 = 4;

/// The most keys of a page; a listing has several pages then.
const LIMIT_MAX: u64 = 2;

impl Worker {
    /// Lists a bucket from its beginning, until a page fails.
    pub(super) async fn list(&mut self, bucket: usize) {
        let limit = u32::try_from(self.dice.between(1, LIMIT_MAX + 1)).unwrap_or(1);
        let mut list = self.buckets[bucket].list().limit(limit);
        loop {
            list = list.timeout(self.patience());
            match list.page().await.map(|page| page.next) {
                Ok(Some(next)) => list = list.cursor(next),
                Ok(None) | Err(_) => return,
            }
        }
    }

    pub(super) async fn get_batch(&mut self, bucket: usize) {
        let places = self.places(bucket);
        let keys = places.iter().map(|(_, key)| key.clone());
        let batch = self.buckets[bucket].get_batch(keys);
        let found = batch.timeout(self.patience()).await;
        for (place, found) in places.into_iter().zip(found) {
            if let Ok(object) = found {
                self.known.insert(place, object.context);
            }
        }
    }

    pub(super) async fn put_batch(&mut self, bucket: usize) {
        let mut items = Vec::new();
        let mut places = self.places(bucket);
        places.retain(|place| match self.context_for(place) {
            Some(context) => {
                let value = format!("value-{}", self.dice.below(1_000));
                items.push(PutItem::new(&place.1, value).context(context));
                true
            }
            // It has to read this one first.
            None => false,
        });
        let batch = self.buckets[bucket].put_batch(items);
        let answers = batch.timeout(self.patience()).await;
        self.learn_all(places, answers);
    }

    pub(super) async fn delete_batch(&mut self, bucket: usize) {
        let mut places = self.places(bucket);
        places.retain(|place| !self.known(place).is_empty());
        let items = places
            .iter()
            .map(|place| (place.1.clone(), self.known(place)));
        let batch = self.buckets[bucket].delete_batch(items);
        let answers = batch.timeout(self.patience()).await;
        self.learn_all(places, answers);
    }

    fn learn_all(&mut self, places: Vec<Place>, answers: Vec<Result<Written, Error>>) {
        let answers = places.into_iter().zip(answers);
        answers.for_each(|(place, answer)| self.learn(place, answer));
    }

    /// Keys of a bucket; who is careful names each once.
    fn places(&mut self, bucket: usize) -> Vec<Place> {
        let mut places: Vec<Place> = (0..self.dice.between(2, ITEMS_MAX + 1))
            .map(|_| (bucket, self.place().1))
            .collect();
        if self.careful {
            places.sort();
            places.dedup();
        }
        places
    }
}
