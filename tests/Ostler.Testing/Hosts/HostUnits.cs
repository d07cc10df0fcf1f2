namespace Ostler.Testing.Hosts;

/// <summary>The units of a host, as its stub <c>systemctl</c> tells them. Forgotten at every boot.</summary>
public sealed class HostUnits
{
    private readonly string _folder;

    internal HostUnits(string folder) => _folder = folder;

    /// <summary>"active", "failed", "inactive", "activating", or null when nobody said.</summary>
    public string? this[string unit]
    {
        get
        {
            try
            {
                return File.ReadLines(Path.Combine(_folder, unit)).FirstOrDefault();
            }
            catch (FileNotFoundException)
            {
                return null;
            }
        }
    }

    public void SetActive(string unit) => Set(unit, "active", "success");

    public void SetInactive(string unit) => Set(unit, "inactive", "success");

    /// <param name="result">As <c>systemctl show -p Result</c> has it: exit-code, timeout, signal, …</param>
    public void SetFailed(string unit, string result = "exit-code") => Set(unit, "failed", result);

    internal void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(_folder))
        {
            File.Delete(file);
        }
    }

    private void Set(string unit, string state, string result)
    {
        // A reader sees the old state or the new one.
        var temporary = Path.Combine(_folder, $".{unit}.new");
        File.WriteAllText(temporary, $"{state}\n{result}\n");
        File.Move(temporary, Path.Combine(_folder, unit), overwrite: true);
    }
}
