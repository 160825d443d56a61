using System.CommandLine;
using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;

namespace Larder.Cli;

/// <summary>One call of a command: what was typed, where answers go, and the engine, made when it is first asked for.</summary>
internal sealed class Call : IDisposable
{
    public static readonly TimeSpan DefaultLockWait = TimeSpan.FromSeconds(5);

    private readonly ParseResult parsed;
    private readonly GlobalOptions globals;
    private ConfigurationResult? configuration;
    private Composition? composition;

    public Call(ParseResult parsed, GlobalOptions globals, Surroundings world)
    {
        (this.parsed, this.globals, World) = (parsed, globals, world);
        var noColor = parsed.GetValue(globals.NoColor);
        OutInk = Ink.For(world.OutIsTerminal, noColor, world.Variable);
        Words = new Words(world.Error, Ink.For(world.ErrorIsTerminal, noColor, world.Variable), IsQuiet);
    }

    public Surroundings World { get; }

    public Words Words { get; }

    public Ink OutInk { get; }

    public bool IsJson => parsed.GetValue(globals.Json);

    public bool IsQuiet => parsed.GetValue(globals.Quiet);

    public int Verbosity => parsed.GetResult(globals.Verbose)?.IdentifierTokenCount ?? 0;

    public string? Repository => parsed.Errors.Count == 0 ? parsed.GetValue(globals.Repository) : null;

    public ConfigurationResult Configuration => configuration ??= ReadConfiguration();

    /// <summary>Reads it, however often it was read before; safe for any thread.</summary>
    public ConfigurationResult ReadConfiguration() => ConfigurationLoader.Load(parsed.GetValue(globals.Config), World.Environment);

    /// <summary>For a command that made a file which the configuration names, before the engine is first asked for.</summary>
    public void RereadConfiguration() => configuration = null;

    /// <summary>For commands that only read: no catalog.</summary>
    public EngineContext Engine => Composition.Context;

    /// <summary>For commands that are runs.</summary>
    public EngineContext EngineWithCatalog => Composition.ContextWithCatalog();

    /// <summary>Fails with <see cref="RefusedConfigurationException"/> where the configuration has problems.</summary>
    public Composition Composition => composition ??= Compose();

    public bool Has(Flag flag) => parsed.GetValue(flag);

    public string? ValueOf(Setting setting) => parsed.GetValue(setting);

    public IReadOnlyList<string> ValuesOf(Settings settings) => parsed.GetValue(settings) ?? [];

    /// <summary>Names may be repeated, or stand in one value with commas between.</summary>
    public IReadOnlyList<string> NamesOf(Settings settings) =>
        [.. ValuesOf(settings).SelectMany(
            value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    public IReadOnlyList<string> ValuesOf(Operand operand) => parsed.GetValue(operand) ?? [];

    public string? ValueOf(Operand operand) => ValuesOf(operand) is [var first, ..] ? first : null;

    /// <summary>A result for people. Never beside <see cref="Answer(JsonNode)"/>.</summary>
    public void Print(string text)
    {
        Words.ClearLine();
        World.Out.Write(text.EndsWith('\n') ? text : text + "\n");
        World.Out.Flush();
    }

    /// <summary>The one JSON document.</summary>
    public void Answer(JsonNode document) => Print(JsonText.Of(document));

    /// <summary>The one JSON document, or the text for people.</summary>
    public void Answer(Func<string> json, Func<string> text) => Print(IsJson ? json() : text());

    /// <summary>Shows a run's progress until it is disposed.</summary>
    public ProgressLine Show(RunProgress progress) =>
        new(progress, Words, World.ErrorIsTerminal && World.Variable("TERM") is not "dumb", World.Columns, World.Clock);

    /// <summary>The name of the repository at a location, to fill the places of hints.</summary>
    public string? RepositoryAt(string? location) => configuration?.Configuration?.Repositories.Values
        .FirstOrDefault(repository => repository.Location is LocalLocation local && local.Path == location)?.Name;

    /// <summary>Waits until people have been told of the runs of this call.</summary>
    public Task CompleteAlertsAsync(bool isInterrupted) => composition?.Alerts.CompleteAsync(isInterrupted) ?? Task.CompletedTask;

    public void Dispose() => composition?.Dispose();

    private Composition Compose()
    {
        var result = Configuration;
        if (result.Configuration is not { } sound)
        {
            throw new RefusedConfigurationException(result);
        }
        if (Verbosity > 0)
        {
            Words.Say($"Configuration: {sound.File ?? "variables of the environment"}. State: {sound.StateDirectory}.");
        }
        foreach (var warning in result.Warnings)
        {
            Words.Warn(warning.ToString());
        }
        if (Repository is { } name && !sound.Repositories.ContainsKey(name))
        {
            throw UnknownRepository(name, sound);
        }
        var journal = World.Variable("JOURNAL_STREAM") is null ? null : World.Error;
        return new Composition(sound, LockWait(), World.Clock, Words.Warn, journal);
    }

    private TimeSpan LockWait() => parsed.GetValue(globals.LockWait) switch
    {
        null => DefaultLockWait,
        "0" => TimeSpan.Zero,
        var text when DurationText.TryParse(text, out var wait) => wait,
        var text => throw new LarderException(
            EngineError.UsageInvalid, $"--lock-wait takes a duration such as 30s or 10m, and not \"{text}\"."),
    };

    private static LarderException UnknownRepository(string name, LarderConfiguration configuration) =>
        new(
            EngineError.UnknownRepository,
            $"The configuration has no repository \"{name}\"; it has {string.Join(", ", configuration.Repositories.Keys)}.")
        {
            Context = new ErrorContext { Repository = name },
        };
}

/// <summary>The configuration has problems; the command line shows them all.</summary>
internal sealed class RefusedConfigurationException(ConfigurationResult result) : Exception("The configuration has problems.")
{
    public ConfigurationResult Result => result;
}
