//! Which addresses may send, where a sender can give no token.

use std::net::IpAddr;

/// Addresses and networks; loopback is always among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers(Vec<(IpAddr, u32)>);

impl Peers {
    /// Reads `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let one = |text: &String| {
            let (address, length) = text.split_once('/').map_or((text.as_str(), None), |(a, l)| (a, Some(l)));
            let address: Option<IpAddr> = address.parse().ok();
            let whole = address.map(|address| if address.is_ipv4() { 32 } else { 128 });
            let length = length.map_or(whole, |length| length.parse().ok().filter(|length| Some(*length) <= whole));
            address.zip(length).ok_or_else(|| format!("`{text}` is no address; write 192.0.2.7 or 192.0.2.0/24"))
        };
        texts.iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none beside loopback.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `peer` is among them as they were given.
    pub fn has(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|(network, length)| is_in(peer, *network, *length))
    }

    /// Whether `peer` may send.
    pub fn may_send(&self, peer: IpAddr) -> bool {
        peer.to_canonical().is_loopback() || self.has(peer)
    }
}

fn is_in(peer: IpAddr, network: IpAddr, length: u32) -> bool {
    match (peer, network) {
        (IpAddr::V4(peer), IpAddr::V4(network)) => {
            (peer.to_bits() ^ network.to_bits()).checked_shr(32 - length).unwrap_or(0) == 0
        }
        (IpAddr::V6(peer), IpAddr::V6(network)) => {
            (peer.to_bits() ^ network.to_bits()).checked_shr(128 - length).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_those_who_are_named_may_send() {
        let peers = Peers::parse(&["192.0.2.7".into(), "198.51.100.0/24".into(), "2001:db8::/32".into()]).unwrap();
        let may = |peer: &str| peers.may_send(peer.parse().unwrap());
        for yes in ["127.0.0.1", "::1", "192.0.2.7", "::ffff:192.0.2.7", "198.51.100.255", "2001:db8::9"] {
            assert!(may(yes), "{yes}");
        }
        for no in ["192.0.2.8", "198.51.101.0", "2001:db9::1"] {
            assert!(!may(no), "{no}");
        }
        assert!(Peers::parse(&["0.0.0.0/0".into()]).unwrap().may_send("203.0.113.9".parse().unwrap()));
        for wrong in ["växel", "192.0.2.0/33", "192.0.2.0/x"] {
            assert!(Peers::parse(&[wrong.into()]).is_err(), "{wrong}");
        }
    }
}
