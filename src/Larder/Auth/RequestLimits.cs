using System.Threading.RateLimiting;

namespace Larder.Auth;

/// <summary>How many requests are taken, by token buckets: many from who is known, few from strangers, hardly any guesses.</summary>
internal sealed class RequestLimits : IDisposable
{
    // A page with some tabs, or a busy script; one that runs wild is held to what one core answers easily.
    private readonly PartitionedRateLimiter<string> known = Bucket(tokensMax: 2000, perSecond: 200);

    // Health checks, the page of the API, the first visit of a browser.
    private readonly PartitionedRateLimiter<string> strangers = Bucket(tokensMax: 200, perSecond: 10);

    // Wrong tokens and passwords. A password costs a tenth of a second of a core, and a person does not type faster.
    private readonly PartitionedRateLimiter<string> guesses = Bucket(tokensMax: 20, perSecond: 0.5);

    public bool TakesFromKnown(string caller) => Takes(known, caller);

    public bool TakesFromStranger(string address) => Takes(strangers, address);

    /// <summary>Whether another try at a secret is taken from this address, and counts it.</summary>
    public bool TakesGuess(string address) => Takes(guesses, address);

    /// <summary>The same without counting one.</summary>
    public bool WouldTakeGuess(string address)
    {
        using var lease = guesses.AttemptAcquire(address, 0);
        return lease.IsAcquired;
    }

    public void Dispose()
    {
        known.Dispose();
        strangers.Dispose();
        guesses.Dispose();
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
