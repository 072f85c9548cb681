//! The middleware for reqwest.

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::ClientLayer;
use super::reqwest::observed;

#[async_trait::async_trait]
impl Middleware for ClientLayer {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let exchange = self.begin_reqwest(&mut request);
        observed(next.run(request, extensions), exchange).await
    }
}
