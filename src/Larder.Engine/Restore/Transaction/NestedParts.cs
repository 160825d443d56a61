using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// Targets that lie inside a folder which another source of the same restore exchanges: the database in the folder of the program that uses
/// it. They are written into what takes the folder's place, and come and go with it.
/// </summary>
internal static class NestedParts
{
    /// <summary>The same steps, where those inside another's folder have no exchange of their own.</summary>
    public static IReadOnlyList<RestoreStep> Find(IReadOnlyList<RestoreStep> steps) =>
        [.. steps.Select(step => OuterOf(step, steps) is { } outer ? Nested(step, outer) : step)];

    private static ExchangePart? OuterOf(RestoreStep step, IReadOnlyList<RestoreStep> steps)
    {
        if (step is ServerStep || step.Exchange is not { } own)
        {
            return null;
        }
        var folders = steps.Where(other => other is TreeStep && other != step)
            .SelectMany(other => other.Exchange?.Parts ?? [])
            .Where(part => part.Kind == "folder");
        // The outermost: what is nested twice is inside that one too.
        return folders.Where(folder => own.Parts.All(part => part.Live.StartsWith(folder.Live + "/", StringComparison.Ordinal)))
            .MinBy(folder => folder.Live.Length);
    }

    private static RestoreStep Nested(RestoreStep step, ExchangePart outer)
    {
        var nested = new NestedPlace(outer.Live, outer.Beside);
        return step with { Exchange = null, Nested = nested };
    }
}

/// <summary>The folder that a target lies in, and what will take its place.</summary>
internal sealed record NestedPlace(string Live, string Beside)
{
    /// <summary>Where a path inside the folder is until the exchange.</summary>
    public string Map(string path) => Beside + path[Live.Length..];
}
