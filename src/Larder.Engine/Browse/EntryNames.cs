using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Engine.Browse;

/// <summary>Finds what a typed word means among the tables and collections of a dump.</summary>
internal static class EntryNames
{
    /// <summary>
    /// The name of an entry in the manifest, or of a whole database. An entry may be named in full (<c>app.public.users</c>), by the end
    /// of its name where only one has it (<c>users</c>), or by its file as `larder ls` shows it.
    /// </summary>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownEntry"/>, naming what is near; <see
    /// cref="EngineError.UsageInvalid"/> for an end that several have.</exception>
    public static string Resolve(ReadableBackup backup, ReadableSource source, string typed)
    {
        if (Find(backup, source, typed) is { } name)
        {
            return name;
        }
        var names = (source.Recorded?.Entries ?? []).Select(entry => entry.Name).ToList();
        var near = NearestWord.Find(typed, [.. names, .. Databases(source)]) is { } nearest
            ? $"did you mean {nearest}?"
            : $"it has {string.Join(", ", Databases(source).Concat(names).Distinct(StringComparer.Ordinal).Take(5))}"
                + $"{(names.Count > 5 ? ", …" : "")}.";
        throw new LarderException(
            EngineError.UnknownEntry, $"Source \"{source.Name}\" of backup {backup.ShortId} has no \"{typed}\"; {near}")
        {
            Context = backup.ErrorContext,
        };
    }

    /// <summary>The same; null where nothing has that name.</summary>
    public static string? Find(ReadableBackup backup, ReadableSource source, string typed)
    {
        var entries = source.Recorded?.Entries ?? [];
        if (entries.FirstOrDefault(entry => entry.Name == typed) is { } exact)
        {
            return exact.Name;
        }
        if (Databases(source).Contains(typed))
        {
            return typed;
        }
        var ending = entries.Where(entry => entry.File == typed || entry.Name.EndsWith("." + typed, StringComparison.Ordinal))
            .Select(entry => entry.Name)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return ending.Count <= 1
            ? ending.FirstOrDefault()
            : throw new LarderException(
                EngineError.UsageInvalid,
                $"\"{typed}\" may be any of {string.Join(", ", ending.Take(5))}{(ending.Count > 5 ? ", …" : "")}; type more of its name.")
            {
                Context = backup.ErrorContext,
            };
    }

    // Every layout has one folder for each database.
    private static IEnumerable<string> Databases(ReadableSource source) => (source.Recorded?.Entries ?? [])
        .Where(entry => entry.File.Contains('/', StringComparison.Ordinal))
        .Select(entry => entry.File[..entry.File.IndexOf('/', StringComparison.Ordinal)])
        .Distinct(StringComparer.Ordinal);
}
