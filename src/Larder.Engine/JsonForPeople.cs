using System.Text.Encodings.Web;
using System.Text.Json;

namespace Larder.Engine;

/// <summary>JSON that people read too: letters of all languages stand as they are. It is never put into a page.</summary>
internal static class JsonForPeople
{
    public static JsonSerializerOptions Options(JsonSerializerOptions generated) => new(generated)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
