using Larder.Repository;
using Larder.Repository.Storage;

namespace Larder.Testing;

/// <summary>What a series of failing runs showed.</summary>
/// <param name="Faults">How many runs were struck.</param>
/// <param name="Absorbed">The faults that the operation survived, in words.</param>
public sealed record NthFailureResult(int Faults, IReadOnlyList<string> Absorbed);

/// <summary>Fails storage operation 1, 2, 3… of something until a run survives untouched, and looks at the storage after each.</summary>
public static class NthFailure
{
    /// <summary>More runs than any sensible operation needs: one that never ends its series is an error in itself.</summary>
    public const int RunsMax = 10_000;

    /// <param name="operation">What is tried; it gets a storage that will fail. Called once a run.</param>
    /// <param name="afterEach">Looks at the inner storage after each run, struck or not, and throws when a promise is broken.</param>
    /// <param name="kinds">The faults to try; each must be able to strike the operation at least once.</param>
    /// <param name="fresh">A storage as it stands before the operation; for each run a new one.</param>
    /// <param name="seed">Decides where contents break off and which bits flip.</param>
    /// <exception cref="TestFailedException">A run failed otherwise than with a <see cref="RepositoryException"/>, failed with no
    /// fault, or <paramref name="afterEach"/> failed. The message names the fault.</exception>
    public static Task<NthFailureResult> RunAsync(
        Func<FaultyStorage, Task> operation,
        Func<IStorage, Task> afterEach,
        IEnumerable<FaultKind> kinds,
        Func<IStorage> fresh,
        int seed) =>
        RunAsync(operation, afterEach, kinds, () => Task.FromResult(fresh()), seed);

    /// <inheritdoc cref="RunAsync(Func{FaultyStorage, Task}, Func{IStorage, Task}, IEnumerable{FaultKind}, Func{IStorage}, int)"/>
    public static async Task<NthFailureResult> RunAsync(
        Func<FaultyStorage, Task> operation,
        Func<IStorage, Task> afterEach,
        IEnumerable<FaultKind> kinds,
        Func<Task<IStorage>> fresh,
        int seed)
    {
        var faults = 0;
        var absorbed = new List<string>();
        foreach (var kind in kinds)
        {
            var struck = await RunUntilUntouchedAsync(operation, afterEach, kind, fresh, seed, absorbed);
            faults += struck > 0
                ? struck
                : throw new TestFailedException($"{kind} never struck: the operation does nothing that it could strike.");
        }
        return new NthFailureResult(faults, absorbed);
    }

    /// <returns>How many runs were struck before one survived untouched.</returns>
    private static async Task<int> RunUntilUntouchedAsync(
        Func<FaultyStorage, Task> operation,
        Func<IStorage, Task> afterEach,
        FaultKind kind,
        Func<Task<IStorage>> fresh,
        int seed,
        List<string> absorbed)
    {
        for (var n = 1; n <= RunsMax; n++)
        {
            var inner = await fresh();
            var faulty = new FaultyStorage(inner, new FaultPlan(kind, n, unchecked(seed + n)));
            var failure = await TryAsync(operation, faulty);

            var story = faulty.FaultReached ? $"{faulty.Plan} on {faulty.Struck}" : $"no fault ({faulty.Plan} was not reached)";
            if (!faulty.FaultReached && failure is not null)
            {
                throw new TestFailedException($"The operation failed with {story}: {failure.Message}", failure);
            }
            if (faulty.FaultReached && failure is null)
            {
                absorbed.Add(story);
            }
            await LookAsync(afterEach, inner, story);
            if (!faulty.FaultReached)
            {
                return n - 1;
            }
        }
        throw new TestFailedException($"After {RunsMax} runs {kind} still strikes: the operation does ever more.");
    }

    private static async Task<RepositoryException?> TryAsync(Func<FaultyStorage, Task> operation, FaultyStorage faulty)
    {
        try
        {
            await operation(faulty);
            return null;
        }
        catch (RepositoryException failure)
        {
            return failure;
        }
        catch (Exception failure)
        {
            throw new TestFailedException(
                $"With {faulty.Plan} on {faulty.Struck ?? "nothing yet"} the operation threw {failure.GetType().Name}, "
                + $"not a RepositoryException: {failure.Message}",
                failure);
        }
    }

    private static async Task LookAsync(Func<IStorage, Task> afterEach, IStorage inner, string story)
    {
        try
        {
            await afterEach(inner);
        }
        catch (Exception failure)
        {
            throw new TestFailedException($"A promise is broken after {story}: {failure.Message}", failure);
        }
    }
}
