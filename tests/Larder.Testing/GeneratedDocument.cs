namespace Larder.Testing;

/// <summary>
/// Documents and golden files that the code itself produces. A test compares them; with LARDER_REGENERATE=1 it writes them instead.
/// </summary>
public static class GeneratedDocument
{
    public const string RegenerateVariable = "LARDER_REGENERATE";

    /// <summary>Whether documents are to be written rather than compared.</summary>
    public static bool IsRegenerating => Environment.GetEnvironmentVariable(RegenerateVariable) == "1";

    /// <summary>Throws, naming the first line that differs, unless the file at <paramref name="path"/> (from the root) is this text.</summary>
    public static async Task ExpectAsync(string path, string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var full = RepositoryRoot.Combine(path);
        if (IsRegenerating)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, text, cancellationToken);
            return;
        }

        var stored = File.Exists(full) ? await File.ReadAllTextAsync(full, cancellationToken) : "";
        if (stored == text)
        {
            return;
        }

        var (wanted, found) = (text.Split('\n'), stored.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(wanted.Length, found.Length))
            .First(at => at >= wanted.Length || at >= found.Length || wanted[at] != found[at]);
        throw new GeneratedDocumentException(
            $"{path} is not what the code says. Line {line + 1} should be '{wanted.ElementAtOrDefault(line)}' and is " +
            $"'{found.ElementAtOrDefault(line)}'. Run the test with {RegenerateVariable}=1 and read the difference before you commit it.");
    }
}

public sealed class GeneratedDocumentException(string message) : Exception(message);
