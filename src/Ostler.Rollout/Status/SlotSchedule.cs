using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Status;

/// <summary>
/// Who would hold a slot when, if each node took as long as the mean: within the slots, the windows and the domains, nodes of the control
/// plane one at a time.
/// </summary>
internal sealed class SlotSchedule(TopologySpec? topology, MaintenanceCalendar calendar, DateTimeOffset start, TimeSpan mean, TimeSpan room, int slots)
{
    /// <summary>How many openings are looked into the future: each costs a look into the calendar, at every pass.</summary>
    private const int MostOpenings = 60;

    private readonly Dictionary<string, Domain> _domains = new(StringComparer.Ordinal);
    private readonly List<Domain> _disrupted = [];
    private readonly List<(DateTimeOffset At, Domain Domain, bool Control)> _begun = [];
    // All take the same time, and so those granted first are done first.
    private readonly Queue<(DateTimeOffset At, Domain Domain, bool Control)> _granted = new();
    private (DateTimeOffset From, DateTimeOffset Until)? _opening;
    private int _openings;
    private int _pending;
    private int _control;

    /// <summary>How far the schedule has come.</summary>
    public DateTimeOffset Now { get; private set; } = start;

    /// <summary>The node holds a slot, and will be done after this time.</summary>
    public void Begun(NodeFacts node, TimeSpan left) => _begun.Add(Enter(DomainOf(node), Now.After(left), node.IsControlPlane));

    /// <summary>The node disrupts its domain, and nobody knows until when.</summary>
    public void Stays(NodeFacts node) => Enter(DomainOf(node), DateTimeOffset.MaxValue, false);

    /// <summary>The node wants a slot.</summary>
    public void Wants(NodeFacts node)
    {
        var domain = DomainOf(node);
        _pending++;
        if (node.IsControlPlane)
        {
            domain.Control++;
        }
        else
        {
            domain.Others++;
        }
    }

    /// <summary>Nothing begins before this.</summary>
    public void Wait(DateTimeOffset until) => Now = until > Now ? until : Now;

    /// <summary>Goes on until everybody is done. False: some never get a slot, or later than is looked.</summary>
    public bool Run()
    {
        // The queue of those begun before is read from its end.
        _begun.Sort(static (x, y) => y.At.CompareTo(x.At));
        Domain[] order = [.. _domains.Values.Order()];
        var first = 0;
        while (_pending > 0)
        {
            if (!Open())
            {
                return false;
            }

            while (first < order.Length && order[first].Pending == 0)
            {
                first++;
            }

            while (_begun.Count + _granted.Count < slots && _pending > 0 && Next(order, first) is { } domain)
            {
                Grant(domain);
            }

            if (_pending > 0 && !Finish())
            {
                return false;
            }
        }

        while (Finish())
        {
        }

        return true;
    }

    // Moves to the next moment at which a node may be taken.
    private bool Open()
    {
        if (_opening is { } open && open.From <= Now && Now <= open.Until - room)
        {
            return true;
        }

        if (++_openings > MostOpenings || calendar.NextOpening(Now, room) is not { } next)
        {
            return false;
        }

        _opening = next;
        while (Earliest() is { } done && done <= next.From)
        {
            Finish();
        }

        Wait(next.From);
        return true;
    }

    private void Grant(Domain domain)
    {
        var control = domain.Control > 0 && _control == 0;
        domain.Control -= control ? 1 : 0;
        domain.Others -= control ? 0 : 1;
        _pending--;
        _granted.Enqueue(Enter(domain, Now.After(mean), control));
    }

    private Domain? Next(Domain[] order, int first)
    {
        if (topology is not null && _disrupted.Count >= topology.MaxDomainsAtOnce)
        {
            return _disrupted.Where(CanGo).Min();
        }

        for (var i = first; i < order.Length; i++)
        {
            if (CanGo(order[i]))
            {
                return order[i];
            }
        }

        return null;
    }

    private bool CanGo(Domain domain) => domain.Others > 0 || (domain.Control > 0 && _control == 0);

    // The next one is done. False: none is under way.
    private bool Finish()
    {
        if (Earliest() is not { } at)
        {
            return false;
        }

        (DateTimeOffset At, Domain Domain, bool Control) done;
        if (_begun is [.., var last] && last.At == at)
        {
            done = last;
            _begun.RemoveAt(_begun.Count - 1);
        }
        else
        {
            done = _granted.Dequeue();
        }

        Wait(at);
        _control -= done.Control ? 1 : 0;
        if (--done.Domain.InFlight == 0)
        {
            _disrupted.Remove(done.Domain);
        }

        return true;
    }

    private DateTimeOffset? Earliest() =>
        TimeMath.Earliest(_begun is [.., var last] ? last.At : null, _granted.TryPeek(out var next) ? next.At : null);

    private (DateTimeOffset At, Domain Domain, bool Control) Enter(Domain domain, DateTimeOffset until, bool control)
    {
        if (domain.InFlight++ == 0)
        {
            _disrupted.Add(domain);
        }

        _control += control ? 1 : 0;
        return (until, domain, control);
    }

    private Domain DomainOf(NodeFacts node)
    {
        var name = topology is null ? "" : SlotLimits.DomainOf(topology, node);
        if (!_domains.TryGetValue(name, out var domain))
        {
            _domains[name] = domain = new(name, topology is not null && node.Labels?.ContainsKey(topology.Key) == true);
        }

        return domain;
    }

    private sealed class Domain(string name, bool labelled) : IComparable<Domain>
    {
        /// <summary>Nodes that want a slot and are of the control plane.</summary>
        public int Control { get; set; }

        /// <summary>The others that do.</summary>
        public int Others { get; set; }

        public int Pending => Control + Others;

        public int InFlight { get; set; }

        private string Name => name;

        private bool Labelled => labelled;

        // As slots are granted: nodes without the label go last.
        public int CompareTo(Domain? other) => Labelled != other!.Labelled ? (Labelled ? -1 : 1) : string.CompareOrdinal(Name, other.Name);
    }
}
