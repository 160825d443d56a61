using System.Globalization;
using System.Runtime.CompilerServices;

namespace Larder.Testing;

/// <summary>
/// Randomness that can be seen again. Without <c>LARDER_TEST_SEED</c> every test has its own fixed seed, made from its name, so that a
/// red run is red again; with it, all tests start there. A failure says the seed.
/// </summary>
public static class SeededRandom
{
    public const string Variable = "LARDER_TEST_SEED";

    /// <summary>The seed of a test: the environment's, or one made from the name.</summary>
    public static int SeedFor(string name)
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(text))
        {
            return StableHash(name);
        }
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : throw new TestFailedException($"{Variable} is \"{text}\", which is not a whole number.");
    }

    public static Task RunAsync(Func<Random, Task> test, [CallerMemberName] string name = "") => RunAsync(test, SeedFor(name));

    public static void Run(Action<Random> test, [CallerMemberName] string name = "")
    {
        var seed = SeedFor(name);
        try
        {
            test(new Random(seed));
        }
        catch (Exception failure)
        {
            throw Failed(seed, failure);
        }
    }

    /// <summary>Runs the test once for each of several seeds that follow from the first; the message names the one that failed.</summary>
    public static async Task RunManyAsync(int times, Func<Random, Task> test, [CallerMemberName] string name = "")
    {
        var first = SeedFor(name);
        for (var run = 0; run < times; run++)
        {
            await RunAsync(test, unchecked(first + run));
        }
    }

    private static async Task RunAsync(Func<Random, Task> test, int seed)
    {
        try
        {
            await test(new Random(seed));
        }
        catch (Exception failure)
        {
            throw Failed(seed, failure);
        }
    }

    private static TestFailedException Failed(int seed, Exception failure) =>
        new($"{failure.Message}{Environment.NewLine}To see it again: {Variable}={seed}", failure);

    // string.GetHashCode differs from process to process. FNV-1a does not.
    private static int StableHash(string name)
    {
        var hash = 2166136261u;
        foreach (var character in name)
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }
        return unchecked((int)hash);
    }
}
