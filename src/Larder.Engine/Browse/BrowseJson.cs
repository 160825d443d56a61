using System.Text.Json;
using System.Text.Json.Serialization;

namespace Larder.Engine.Browse;

/// <summary>What `ls --json` and `stats --json` print: one document, indented, without a newline at its end.</summary>
public static class BrowseJson
{
    public static string Write(IEnumerable<ListedNode> nodes) =>
        JsonSerializer.Serialize([.. nodes], BrowseJsonContext.Default.ListedNodeArray);

    public static string Write(StatsReport stats) => JsonSerializer.Serialize(stats, BrowseJsonContext.Default.StatsReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ListedNode[]))]
[JsonSerializable(typeof(StatsReport))]
internal sealed partial class BrowseJsonContext : JsonSerializerContext;
