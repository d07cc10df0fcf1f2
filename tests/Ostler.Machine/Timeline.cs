using System.Globalization;
using System.Text;

namespace Ostler.Machine;

/// <summary>
/// What happened when, and how long the node was in which step of which scenario. Pure but for the clock that it is given.
/// </summary>
internal sealed class Timeline(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private readonly List<Chapter> _chapters = [];

    /// <summary>How long it has been going on.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>A line of the story, with the seconds since the beginning.</summary>
    public string Line(string text) => string.Create(CultureInfo.InvariantCulture, $"{Elapsed.TotalSeconds,6:0.0}s  {text}");

    /// <summary>A scenario begins, and the one before has ended.</summary>
    public void Begin(string scenario)
    {
        lock (_gate)
        {
            End();
            _chapters.Add(new Chapter(scenario, Elapsed));
        }
    }

    /// <summary>The scenario has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (_chapters.LastOrDefault() is { End: null } last)
            {
                last.End = Elapsed;
            }
        }
    }

    /// <summary>The node is in a step now.</summary>
    /// <returns>False when it was in that step already.</returns>
    public bool Enter(string step)
    {
        lock (_gate)
        {
            if (_chapters.LastOrDefault() is not { End: null } chapter || chapter.Steps.LastOrDefault().Step == step)
            {
                return false;
            }

            chapter.Steps.Add((step, Elapsed));
            return true;
        }
    }

    /// <summary>For each scenario the steps in their order, with the seconds that each took.</summary>
    public string Table()
    {
        lock (_gate)
        {
            var text = new StringBuilder();
            foreach (var chapter in _chapters)
            {
                var end = chapter.End ?? Elapsed;
                text.Append(CultureInfo.InvariantCulture, $"{Seconds(end - chapter.Start),5} s  {chapter.Name}\n");
                for (var i = 0; i < chapter.Steps.Count; i++)
                {
                    var (step, at) = chapter.Steps[i];
                    var until = i + 1 < chapter.Steps.Count ? chapter.Steps[i + 1].At : end;
                    text.Append(CultureInfo.InvariantCulture, $"        {Seconds(until - at),5} s  {step}\n");
                }
            }

            return text.ToString();
        }
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);

    private sealed class Chapter(string name, TimeSpan start)
    {
        public string Name => name;

        public TimeSpan Start => start;

        public TimeSpan? End { get; set; }

        public List<(string Step, TimeSpan At)> Steps { get; } = [];
    }
}
