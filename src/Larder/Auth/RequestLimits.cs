using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Larder.Auth;

/// <summary>How many requests are taken, by token buckets: many from who is known, few from strangers, hardly any guesses.</summary>
internal sealed class RequestLimits : IDisposable
{
    // A page with some tabs, or a busy script; one that runs wild is held to what one core answers easily.
    private readonly PartitionedRateLimiter<string> known = Bucket(tokensMax: 2000, perSecond: 200);

    // Health checks, the page of the API, the first visit of a browser.
    private readonly PartitionedRateLimiter<string> strangers = Bucket(tokensMax: 200, perSecond: 10);

    // Passwords and links. One costs a tenth of a second of a core, and a person does not type faster.
    private readonly PartitionedRateLimiter<string> guesses = Bucket(tokensMax: 20, perSecond: 0.5);

    // Wrong tokens. They cannot be guessed, so a right one from the same address is taken all the same; but each is written down.
    private readonly PartitionedRateLimiter<string> wrongTokens = Bucket(tokensMax: 30, perSecond: 0.5);

    public bool TakesFromKnown(string caller) => Takes(known, caller);

    public bool TakesFromStranger(string address) => Takes(strangers, NetworkOf(address));

    /// <summary>Whether another try at a password or a link is taken from this address, and counts it.</summary>
    public bool TakesGuess(string address) => Takes(guesses, NetworkOf(address));

    /// <summary>Whether another wrong token of this address is answered and written down, and counts it.</summary>
    public bool TakesWrongToken(string address) => Takes(wrongTokens, NetworkOf(address));

    public void Dispose()
    {
        known.Dispose();
        strangers.Dispose();
        guesses.Dispose();
        wrongTokens.Dispose();
    }

    /// <summary>Whoever has one address of IPv6 has the 2^64 of its network, so those count as one.</summary>
    private static string NetworkOf(string address)
    {
        if (!IPAddress.TryParse(address, out var known) || known.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }
        return known.IsIPv4MappedToIPv6 ? known.MapToIPv4().ToString() : Convert.ToHexString(known.GetAddressBytes().AsSpan(0, 8));
    }

    private static bool Takes(PartitionedRateLimiter<string> limiter, string key)
    {
        using var lease = limiter.AttemptAcquire(key);
        return lease.IsAcquired;
    }

    private static PartitionedRateLimiter<string> Bucket(int tokensMax, double perSecond) =>
        PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetTokenBucketLimiter(
            key,
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = tokensMax,
                TokensPerPeriod = Math.Max(1, (int)perSecond),
                ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 1 / perSecond)),
                AutoReplenishment = true,
                QueueLimit = 0,
            }));
}
