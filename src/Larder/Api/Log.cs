using Microsoft.Extensions.Logging;

namespace Larder.Api;

internal static partial class Log
{
    [LoggerMessage(8001, LogLevel.Error, "{Method} {Path} failed, trace {Trace}")]
    public static partial void CallFailed(ILogger logger, string method, string path, string trace, Exception failure);

    [LoggerMessage(8002, LogLevel.Warning, "{Sentence}")]
    public static partial void Warned(ILogger logger, string sentence);
}
