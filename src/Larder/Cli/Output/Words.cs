namespace Larder.Cli.Output;

/// <summary>Everything that goes to stderr, one line at a time, so that progress and warnings never run into each other.</summary>
internal sealed class Words(TextWriter error, Ink ink, bool isQuiet)
{
    private readonly Lock gate = new();
    private bool lineIsOpen;

    public Ink Ink => ink;

    public bool IsQuiet => isQuiet;

    /// <summary>For people who watch; not with --quiet.</summary>
    public void Say(string sentence)
    {
        if (!isQuiet)
        {
            WriteLine(sentence);
        }
    }

    /// <summary>Something is not as it should be, and the work goes on. Said even with --quiet.</summary>
    /// <param name="text">A sentence; a hint may follow on a line of its own.</param>
    public void Warn(string text) => WriteLine($"{ink.Yellow("WARNING:")} {string.Join('\n', text.Split('\n').Select(TextWidth.Plain))}");

    public void WriteLine(string text)
    {
        lock (gate)
        {
            Close();
            error.Write(text + "\n");
            error.Flush();
        }
    }

    /// <summary>Replaces the line on which progress is shown.</summary>
    public void Redraw(string line)
    {
        lock (gate)
        {
            error.Write($"\r{line}\e[K");
            error.Flush();
            lineIsOpen = true;
        }
    }

    /// <summary>Takes the progress line away, before anything else is written to the terminal.</summary>
    public void ClearLine()
    {
        lock (gate)
        {
            Close();
            error.Flush();
        }
    }

    private void Close()
    {
        if (lineIsOpen)
        {
            error.Write("\r\e[K");
            lineIsOpen = false;
        }
    }
}
