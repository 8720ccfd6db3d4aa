//! Counts the panics of a run: all of it happens on one thread.

use std::cell::RefCell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static UNPLANNED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

static HOOK: Once = Once::new();

/// Watches from now on; panics that a test asks for are not told of.
pub fn watch() {
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !is_planned(panic) {
                UNPLANNED.with_borrow_mut(|unplanned| unplanned.push(panic.to_string()));
                before(panic);
            }
        }));
    });
    unplanned();
}

/// The panics of this thread that nobody asked for, since this was last called.
pub fn unplanned() -> Vec<String> {
    UNPLANNED.with_borrow_mut(std::mem::take)
}

/// The last of them, for whoever has caught it.
pub fn caught() -> Option<String> {
    UNPLANNED.with_borrow_mut(Vec::pop)
}

fn is_planned(panic: &PanicHookInfo<'_>) -> bool {
    let text = panic.payload().downcast_ref::<&str>();
    text.is_some_and(|text| text.starts_with("a test asked"))
}
