//! How a worker puts: once, or until it is answered.

use cartwheel_client::{Error, Written};

use super::notebook::{Draft, Notebook};
use super::worker::{Place, Worker};

/// Once in so many times a put to a buffered bucket asks for a synced copy.
const PUTS_PER_SYNCED: u64 = 4;

/// Once in so many times a put of which nobody knows the outcome is given up.
const PUTS_PER_GIVEN_UP: u64 = 3;

impl Worker {
    pub(super) async fn put(&mut self, place: Place) {
        let Some(context) = self.context_for(&place) else {
            return self.get(place).await;
        };
        let bucket = &self.buckets[place.0];
        let buffered = !bucket.policy().durability.is_synced();
        let draft = Draft {
            bucket: bucket.policy().name.clone(),
            key: place.1.clone(),
            value: format!("value-{}", self.dice.below(1_000)),
            context,
            request: bucket.new_request_id(),
            synced: buffered && self.dice.one_in(PUTS_PER_SYNCED),
        };
        match self.notebook.clone() {
            None => {
                let answer = self.send(place.0, &draft).await;
                self.learn(place, answer);
            }
            Some(notebook) => {
                notebook.note(self.number, &draft);
                self.finish(place, &draft, &notebook).await;
            }
        }
    }

    /// Sends again what an earlier life has not finished, before anything else.
    pub(super) async fn take_up(&mut self) {
        let Some(notebook) = self.notebook.clone() else {
            return;
        };
        let Some(draft) = notebook.left(self.number) else {
            return;
        };
        let mut buckets = self.buckets.iter();
        // It may not have opened the bucket this time.
        if let Some(at) = buckets.position(|bucket| bucket.policy().name == draft.bucket) {
            self.buckets[at].happened("a put that an earlier life had begun");
            let place = (at, draft.key.clone());
            self.finish(place, &draft, &notebook).await;
        }
        notebook.erase(self.number);
    }

    /// Sends a put until its outcome is known or it is given up.
    async fn finish(&mut self, place: Place, draft: &Draft, notebook: &Notebook) {
        let mut answer = self.send(place.0, draft).await;
        while is_unknown(&answer) && !self.dice.one_in(PUTS_PER_GIVEN_UP) {
            self.buckets[place.0].happened("a put that was sent again under its request id");
            answer = self.send(place.0, draft).await;
        }
        notebook.erase(self.number);
        self.learn(place, answer);
    }

    async fn send(&mut self, bucket: usize, draft: &Draft) -> Result<Written, Error> {
        let patience = self.patience();
        let put = self.buckets[bucket].put(&draft.key, draft.value.clone());
        let put = put.context(draft.context.clone()).request_id(draft.request);
        let put = match draft.synced {
            true => put.dw(1),
            false => put,
        };
        put.timeout(patience).await
    }
}

fn is_unknown(answer: &Result<Written, Error>) -> bool {
    answer.as_ref().is_err_and(Error::outcome_is_unknown)
}
