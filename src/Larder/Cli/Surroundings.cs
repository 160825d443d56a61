using Larder.Engine.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Larder.Cli;

/// <summary>What the command line sees of the world: streams, terminal, variables, clock.</summary>
internal sealed record Surroundings
{
    private const int ColumnsUnknown = 80;

    /// <summary>Results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Words and progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Where results that are no text go; owned by the caller.</summary>
    public required Func<Stream> OpenOutBytes { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public bool InputIsTerminal { get; init; }

    /// <summary>Columns of the terminal; asked anew, since windows change.</summary>
    public Func<int> Columns { get; init; } = () => ColumnsUnknown;

    /// <summary>Reads a line from the terminal without showing it; null at the end of the input.</summary>
    public Func<string?> ReadHidden { get; init; } = () => null;

    public required ConfigurationEnvironment Environment { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public Hangup Hangup { get; } = new();

    public string? Variable(string name) => Environment.Variables.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    public static Surroundings OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        OpenOutBytes = OpenStandardOutput,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        InputIsTerminal = !Console.IsInputRedirected,
        Columns = ColumnsOfTerminal,
        ReadHidden = ReadWithoutEcho,
        Environment = ConfigurationEnvironment.OfProcess(),
    };

    // The console's own stream passes over a broken pipe in silence, and a cut export would count as whole. A file keeps the console's
    // stream: it writes at the shared position, so that what the shell writes next does not land on top of it.
    private static Stream OpenStandardOutput()
    {
        var console = Console.OpenStandardOutput();
        var direct = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return direct.CanSeek ? console : direct;
    }

    private static int ColumnsOfTerminal()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : ColumnsUnknown;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException)
        {
            return ColumnsUnknown;
        }
    }

    private static string? ReadWithoutEcho()
    {
        var text = new System.Text.StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key)
            {
                case { Key: ConsoleKey.Enter }:
                    return text.ToString();
                case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when text.Length == 0:
                    return null;
                case { Key: ConsoleKey.Backspace }:
                    text.Length = Math.Max(0, text.Length - 1);
                    break;
                case { KeyChar: >= ' ' }:
                    text.Append(key.KeyChar);
                    break;
            }
        }
    }
}
