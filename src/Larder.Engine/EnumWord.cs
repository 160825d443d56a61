using System.Text.Json;

namespace Larder.Engine;

/// <summary>The one word by which a value of an enum is known in JSON, in the catalog, on the command line and in alerts.</summary>
public static class EnumWord
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>The value of a word; null where the word is none.</summary>
    public static T? Find<T>(string word)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (Of(value) == word)
            {
                return value;
            }
        }
        return null;
    }
}
