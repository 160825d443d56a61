using System.Text;

namespace Larder.Engine.Configuration;

/// <summary>
/// Puts variables into a value: `${NAME}`, `${NAME:-default}` (for a variable that is unset or empty), and `$$` for a dollar.
/// Any other dollar is itself.
/// It works on values that YAML has been read into already, so what a variable holds can never become YAML.
/// </summary>
internal static class VariableText
{
    public static bool HasVariables(string text) => text.Contains("${", StringComparison.Ordinal);

    /// <summary>The text with its variables filled in, or null with what is wrong, as the end of a sentence.</summary>
    public static string? Fill(string text, IReadOnlyDictionary<string, string> variables, out string complaint, out string? unset)
    {
        complaint = "";
        unset = null;
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var filled = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (text[i] != '$' || next is not ('$' or '{'))
            {
                filled.Append(text[i]);
                continue;
            }

            if (next == '$')
            {
                filled.Append('$');
                i++;
                continue;
            }

            var end = text.IndexOf('}', i);
            if (end < 0)
            {
                complaint = "has \"${\" with no \"}\" after it";
                return null;
            }

            var inside = text[(i + 2)..end];
            var separator = inside.IndexOf(":-", StringComparison.Ordinal);
            var name = separator < 0 ? inside : inside[..separator];
            if (!IsName(name))
            {
                complaint = "has \"${…}\" with something in it that is not the name of a variable";
                return null;
            }

            var value = variables.GetValueOrDefault(name);
            if (separator >= 0 && string.IsNullOrEmpty(value))
            {
                value = inside[(separator + 2)..];
            }

            if (value is null)
            {
                complaint = $"uses the variable {name}, which is not set";
                unset = name;
                return null;
            }

            filled.Append(value);
            i = end;
        }

        return filled.ToString();
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
