using System.Text;

namespace Larder.Engine.Errors;

/// <summary>Writes <c>docs/generated/ERRORS.md</c> from the <see cref="ErrorTable"/>.</summary>
public static class ErrorDocument
{
    /// <summary>The whole file, lines ended by <c>\n</c>.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        text.Append("""
            # Errors

            Generated from `ErrorTable`; `LARDER_REGENERATE=1 make unit` writes it anew.

            An error is one line that says what and where, and a hint that says what next. A number never changes its meaning.

            | exit status | means |
            |---|---|
            | 0 | done |
            | 1 | failed |
            | 2 | usage or configuration |
            | 3 | partial: something was left out |
            | 4 | refused: a prerequisite or a confirmation is missing |
            | 5 | stored data is damaged |
            | 10 | no such repository |
            | 11 | locked |
            | 12 | wrong password |
            | 130 | interrupted |

            """.ReplaceLineEndings("\n"));
        foreach (var row in ErrorTable.Rows)
        {
            text.Append($"\n## {row.Code} {Words(row.Kind)}\n\n");
            text.Append($"Exit status {(int)row.ExitStatus}, HTTP {row.HttpStatus}.\n\n");
            text.Append($"**What happened.** {row.Cause}\n\n");
            text.Append($"**What to do.** {row.Remedy}\n");
        }
        return text.ToString();
    }

    /// <summary><c>JobAlreadyRunning</c> as <c>job already running</c>.</summary>
    private static string Words(Enum kind) =>
        string.Concat(
            kind.ToString()
                .Select((letter, at) => char.IsUpper(letter) ? $"{(at > 0 ? " " : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
