namespace Larder.Sources.MySql.Restore;

/// <summary>The parts in which is made what a rename cannot move; each of them for all databases before the next.</summary>
internal enum ExtraPart
{
    /// <summary>
    /// The database's character set, the sequences that tables take their numbers from, foreign keys to what is not moved with them.
    /// </summary>
    Tables = 1,

    /// <summary>As <see cref="AfterPart.BeforeViews"/>.</summary>
    BeforeViews = 2,

    /// <summary>As <see cref="AfterPart.Views"/>.</summary>
    Views = 3,

    /// <summary>Views that looked at something that was not there. They can be made while it is there, if ever.</summary>
    BrokenViews = 4,
}

/// <summary>Scripts by the number of their database in the exchange and by what they make.</summary>
internal sealed class ExtraScripts
{
    private readonly SortedDictionary<(int Place, ExtraPart Part), byte[]> texts = [];

    public IEnumerable<KeyValuePair<(int Place, ExtraPart Part), byte[]>> All => texts;

    /// <summary>Empty where nothing is to be made.</summary>
    public byte[] this[int place, ExtraPart part]
    {
        get => texts.GetValueOrDefault((place, part), []);
        set
        {
            if (value.Length > 0)
            {
                texts[(place, part)] = value;
            }
        }
    }
}
