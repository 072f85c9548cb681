//! Deeply nested futures: tokio-rs/tracing#616; lance-format/lance#8416; googleapis/google-cloud-rust#6398;
//! rust-lang/rust#62958

use std::mem::size_of_val;

use llmobs::FutureSpanExt as _;
use llmobs::testing::Collector;

/// Functions that call each other in a row.
macro_rules! chain {
    ($innermost:ident) => {
        #[llmobs::task]
        async fn $innermost(number: u8) -> u8 {
            tokio::task::yield_now().await;
            number
        }
    };
    ($outer:ident $inner:ident $($rest:ident)*) => {
        #[llmobs::task]
        async fn $outer(number: u8) -> u8 {
            $inner(number).await + 1
        }
        chain!($inner $($rest)*);
    };
}

chain!(level_1 level_2 level_3 level_4 level_5 level_6 level_7 level_8 level_9 level_10);

#[test]
fn does_not_grow_the_future() {
    assert_eq!(size_of_val(&level_1(1)), size_of_val(&level_8(1)));
    assert_eq!(size_of_val(&level_9(1)), size_of_val(&level_10(1)));
}

/// The compiler checks `Send` level by level, up to the `recursion_limit` of 128. Each traced function has about ten levels.
#[test]
fn can_be_spawned_ten_levels_deep() {
    let collector = Collector::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let program = level_1(1).in_context(collector.context());
    assert_eq!(runtime.block_on(async { tokio::spawn(program).await.unwrap() }), 10);
    assert_eq!(collector.events().len(), 10);
}

/// Each level takes about a kilobyte of stack more than without the attribute.
#[test]
fn allows_deep_recursion() {
    #[llmobs::task(skip_all, skip_output)]
    fn sync(depth: u32) -> u32 {
        if depth == 0 { 0 } else { sync(depth - 1) + 1 }
    }

    #[llmobs::task(skip_all, skip_output)]
    async fn later(depth: u32) -> u32 {
        if depth == 0 { 0 } else { Box::pin(later(depth - 1)).await + 1 }
    }

    let collector = Collector::new();
    collector.enter(|| {
        assert_eq!(sync(500), 500);
        assert_eq!(pollster::block_on(later(500)), 500);
    });
    assert_eq!(collector.events().len(), 1002);
}
