using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>The journal of a host, as its stub <c>journalctl</c> tells it: message lines for each boot and unit.</summary>
public sealed class HostJournal
{
    private readonly string _lab;

    internal HostJournal(string lab, bool persistent)
    {
        _lab = lab;
        Persistent = persistent;
        if (!persistent)
        {
            File.WriteAllText(Path.Combine(lab, "volatile-journal"), "");
        }
    }

    /// <summary>False: /var/log/journal does not exist, and every boot forgets what the boots before logged.</summary>
    public bool Persistent { get; }

    /// <param name="boot">The boot's number, from 1.</param>
    public IReadOnlyList<string> Read(int boot, string unit)
    {
        var file = FileOf(boot, unit);
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    internal void Append(int boot, string unit, params IEnumerable<string> lines) => File.AppendAllLines(FileOf(boot, unit), lines);

    internal void Open(int boot)
    {
        var folder = Path.Combine(_lab, "journal");
        if (!Persistent && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        Directory.CreateDirectory(Path.Combine(folder, boot.ToString(CultureInfo.InvariantCulture)));
    }

    private string FileOf(int boot, string unit) => Path.Combine(_lab, "journal", boot.ToString(CultureInfo.InvariantCulture), unit);
}
