//! Values that are stored when they have changed.

/// A value and whether it has changed since it was stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched<T> {
    pub(super) value: T,
    pub(super) is_touched: bool,
}

impl<T> Touched<T> {
    pub(super) fn stored(value: T) -> Self {
        Self { value, is_touched: false }
    }

    pub(super) fn change(&mut self) -> &mut T {
        self.is_touched = true;
        &mut self.value
    }
}

/// Those that have changed, by their ids.
pub(super) fn touched<T: Clone, I>(all: &[Touched<T>], id: impl Fn(u32) -> I) -> Vec<(I, T)> {
    let changed = all.iter().enumerate().filter(|(_, one)| one.is_touched);
    changed.map(|(at, one)| (id(at as u32), one.value.clone())).collect()
}

/// All of them are stored.
pub(super) fn untouch<T>(all: &mut [Touched<T>]) {
    all.iter_mut().for_each(|one| one.is_touched = false);
}
