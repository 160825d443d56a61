using System.Buffers;
using System.Runtime.CompilerServices;
using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Testing;

/// <summary>
/// A storage that fails once, as its plan says, without breaking the contract: what it holds is whole. Every put, read, length, listing and
/// delete is one operation.
/// </summary>
public sealed class FaultyStorage(IStorage inner, FaultPlan plan) : IStorage
{
    private readonly Lock gate = new();
    private readonly Random random = new(plan.Seed);
    private int operations, puts, reads;

    private enum Strike
    {
        Not,
        Before,
        After,
        Midway,
        Full,
    }

    public string Location => inner.Location;

    public TimeSpan ListingDelay => inner.ListingDelay;

    public FaultPlan Plan => plan;

    /// <summary>How many operations were begun.</summary>
    public int Operations => operations;

    /// <summary>Whether the planned fault came to pass.</summary>
    public bool FaultReached => Struck is not null;

    /// <summary>What the fault struck, for messages: "put of pack 3f9a1c20".</summary>
    public string? Struck { get; private set; }

    public async Task PutAsync(StorageKey key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        var strike = Next($"put of {key}", isPut: true);
        switch (strike)
        {
            case Strike.Before:
                throw Failure(key);
            case Strike.Full:
                throw new RepositoryException(RepositoryError.StorageFull, $"{inner.Location} is full (planned: {plan}).")
                {
                    File = key,
                    Location = Location,
                };
            case Strike.Midway when content.Length > 0:
                await inner.PutAsync(key, BrokenOffContent.Of(content, NextLong(content.Length), Failure(key)), cancellationToken);
                // Only a put of what is stored already gets here: it did not look at the content.
                throw Failure(key);
            case Strike.Midway:
                throw Failure(key);
            default:
                await inner.PutAsync(key, content, cancellationToken);
                ThrowIf(strike == Strike.After, key);
                break;
        }
    }

    public async Task<int> ReadAsync(StorageKey key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        var strike = Next($"read of {key} at {offset}");
        ThrowIf(strike == Strike.Before, key);
        var read = await inner.ReadAsync(key, offset, destination, cancellationToken);
        ThrowIf(strike == Strike.After, key);
        if (read > 0 && IsBitFlip($"read of {key} at {offset}"))
        {
            var bit = NextLong(8L * read);
            destination.Span[(int)(bit / 8)] ^= (byte)(1 << (int)(bit % 8));
        }
        return read;
    }

    public async Task<long?> FindLengthAsync(StorageKey key, CancellationToken cancellationToken)
    {
        var strike = Next($"length of {key}");
        ThrowIf(strike == Strike.Before, key);
        var length = await inner.FindLengthAsync(key, cancellationToken);
        ThrowIf(strike == Strike.After, key);
        return length;
    }

    public async IAsyncEnumerable<StoredFile> ListAsync(FileKind kind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var strike = Next($"listing of {kind}");
        ThrowIf(strike == Strike.Before, null);
        var shown = 0;
        await foreach (var file in inner.ListAsync(kind, cancellationToken))
        {
            ThrowIf(strike == Strike.After && shown > 0, null);
            shown++;
            yield return file;
        }
        ThrowIf(strike == Strike.After, null);
    }

    public async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken)
    {
        var strike = Next($"delete of {key}");
        ThrowIf(strike == Strike.Before, key);
        await inner.DeleteAsync(key, cancellationToken);
        ThrowIf(strike == Strike.After, key);
    }

    private Strike Next(string operation, bool isPut = false)
    {
        lock (gate)
        {
            operations++;
            puts += isPut ? 1 : 0;
            var strike = (plan.Kind, isPut) switch
            {
                _ when plan.Operation == 0 => Strike.Not,
                (FaultKind.Error, _) when operations == plan.Operation => Strike.Before,
                (FaultKind.LostAnswer, _) when operations == plan.Operation => Strike.After,
                (FaultKind.ShortWrite, true) when puts == plan.Operation => Strike.Midway,
                (FaultKind.FullDisk, true) when puts >= plan.Operation => Strike.Full,
                _ => Strike.Not,
            };
            if (strike != Strike.Not)
            {
                Struck ??= operation;
            }
            return strike;
        }
    }

    private bool IsBitFlip(string operation)
    {
        lock (gate)
        {
            reads++;
            var strikes = plan.Kind == FaultKind.BitFlip && reads == plan.Operation;
            if (strikes)
            {
                Struck ??= operation;
            }
            return strikes;
        }
    }

    private long NextLong(long below)
    {
        lock (gate)
        {
            return random.NextInt64(below);
        }
    }

    private void ThrowIf(bool strikes, StorageKey? key)
    {
        if (strikes)
        {
            throw Failure(key);
        }
    }

    // Transient, as most failures of a storage are: a retrying storage around this one is expected to absorb it.
    private RepositoryException Failure(StorageKey? key) =>
        new(RepositoryError.StorageFailed, $"{inner.Location} failed as planned: {plan}.")
        {
            File = key,
            Location = Location,
            IsTransient = true,
        };
}
