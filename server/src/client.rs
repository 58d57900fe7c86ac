//! Client network: the peer's address, or what trusted proxies say in `X-Forwarded-For`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use app::ssr::Network;
use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

/// Attaches the client's network to the request. Each of `proxies` proxies appended the address it saw to
/// `X-Forwarded-For`; entries further left come from the client and are ignored.
pub async fn identify(State(proxies): State<usize>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let address = forwarded(request.headers(), proxies).or(peer).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    request.extensions_mut().insert(Network::of(address));
    next.run(request).await
}

fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let lists = headers.get_all("x-forwarded-for").iter().filter_map(|list| list.to_str().ok());
    let addresses: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
    let place = addresses.len().checked_sub(proxies)?;
    addresses.get(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lists: &[&str]) -> HeaderMap {
        lists.iter().map(|list| ("x-forwarded-for".parse().unwrap(), list.parse().unwrap())).collect()
    }

    #[test]
    fn only_entries_of_trusted_proxies_count() {
        let list = headers(&["1.1.1.1, 2.2.2.2", "3.3.3.3"]);
        assert_eq!(forwarded(&list, 0), None, "without proxies the header is the client's own");
        assert_eq!(forwarded(&list, 1), "3.3.3.3".parse().ok());
        assert_eq!(forwarded(&list, 2), "2.2.2.2".parse().ok());
        assert_eq!(forwarded(&list, 4), None);
        assert_eq!(forwarded(&headers(&["unknown"]), 1), None);
        assert_eq!(forwarded(&headers(&[]), 1), None);
    }
}
