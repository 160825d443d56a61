using System.Net;
using Larder.Auth;
using Larder.Engine.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Logging;

namespace Larder.Daemon;

/// <summary>The web server: Kestrel and routing, and nothing that anybody else's files or variables configure.</summary>
internal static class WebHost
{
    public static WebApplication Build(IReadOnlyList<IPEndPoint> listen, HttpSettings settings, HttpLimits? limits = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "larder" });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            (limits ?? HttpLimits.Usual).Set(kestrel);
            var certificate = ServerCertificate.Of(settings);
            foreach (var address in listen)
            {
                kestrel.Listen(address, endpoint =>
                {
                    if (certificate is not null)
                    {
                        endpoint.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificate.Current());
                    }
                });
            }
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        AddLogging(builder.Logging);
        return builder.Build();
    }

    /// <summary>Words go to stderr: as lines with their time, or in the form that systemd's journal sorts by level.</summary>
    private static void AddLogging(ILoggingBuilder logging)
    {
        var isJournal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Quartz", LogLevel.Warning);
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = isJournal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple;
        });
        logging.AddSimpleConsole(lines =>
        {
            lines.SingleLine = true;
            lines.TimestampFormat = "yyyy-MM-dd HH:mm:ss ";
            lines.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.AddSystemdConsole();
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
            console.FormatterName = isJournal ? ConsoleFormatterNames.Systemd : ConsoleFormatterNames.Simple);
    }

    /// <summary>Signals are the command line's: it ends the service gently.</summary>
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
