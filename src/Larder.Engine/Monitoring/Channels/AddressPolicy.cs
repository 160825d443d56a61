using System.Net;
using System.Net.Sockets;

namespace Larder.Engine.Monitoring.Channels;

/// <summary>
/// Which addresses a webhook may call: public ones, and those that the configuration allows. Otherwise whoever may write a webhook's
/// address could make Larder speak to what only this machine can reach: its own services, the neighbours, the metadata of a cloud.
/// </summary>
public static class AddressPolicy
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    // Addresses of IPv6 that carry one of IPv4 in their last 32 bits, or 16 bits after the beginning.
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public static bool IsAllowed(IPAddress address, IReadOnlyList<IPNetwork> allowed)
    {
        var plain = Plain(address);
        return allowed.Any(network => network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain))
            || !NotPublic.Any(network => network.BaseAddress.AddressFamily == plain.AddressFamily && network.Contains(plain));
    }

    /// <summary>The address of IPv4 where one is meant: <c>::ffff:127.0.0.1</c> is this machine too.</summary>
    private static IPAddress Plain(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }
        var unscoped = new IPAddress(address.GetAddressBytes());
        return Translated.Contains(unscoped) ? new IPAddress(unscoped.GetAddressBytes()[12..])
            : SixToFour.Contains(unscoped) ? new IPAddress(unscoped.GetAddressBytes()[2..6])
            : unscoped;
    }
}
