//! What workers keep of a put until its outcome is known, as a client does on its own disk: its
//! next life sends it again under the same request id.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use cartwheel_client::{Context, RequestId};

/// A put that is to be sent until it is answered.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The bucket's name.
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) context: Context,
    pub(super) request: RequestId,
    /// Whether an acknowledgement must count a synced copy, in a buffered bucket.
    pub(super) synced: bool,
}

/// The drafts of a client's workers. Clones are the same one, so that it outlives its client.
#[derive(Clone, Debug, Default)]
pub struct Notebook(Rc<RefCell<BTreeMap<u64, Draft>>>);

impl Notebook {
    /// A worker notes what it is about to put.
    pub(super) fn note(&self, worker: u64, draft: &Draft) {
        self.0.borrow_mut().insert(worker, draft.clone());
    }

    /// The put is done, or given up.
    pub(super) fn erase(&self, worker: u64) {
        self.0.borrow_mut().remove(&worker);
    }

    /// What an earlier life of a worker has left.
    pub(super) fn left(&self, worker: u64) -> Option<Draft> {
        self.0.borrow().get(&worker).cloned()
    }
}
