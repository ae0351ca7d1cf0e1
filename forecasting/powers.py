"""Learned powers of jobs as the forecast knows them, and the jobs that wait for one."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.job_power import MOST_PRODUCTS, JobPower, MachineProduct, with_power
from domain.orders import Order, OrderStatus
from forecasting.jobs import Jobs, with_learned_power


@dataclass(slots=True)
class KnownPowers:
    """Changed in place."""

    known: list[JobPower] = field(default_factory=list)
    """The newest revision of each; of more than `MOST_PRODUCTS` those that were learned last."""
    untyped: dict[str, Order] = field(default_factory=dict)
    """By job: newest revisions without a typed power that have none yet, or that are still to run and follow what is learned."""

    def filled(self, order: Order) -> Order:
        """`order` with the power that was learned for it; a typed one stays."""
        return with_power(order, self._by_product())

    def note(self, order: Order, jobs: Jobs) -> None:
        """Take `order`, as it came, for the newest revision of its job in `jobs`."""
        self.untyped.pop(order.job, None)
        if len(self.untyped) > len(jobs):  # jobs that are long over leave the plan, and so this list
            self.untyped = {job: one for job, one in self.untyped.items() if job in jobs}
        waits = not order.status.is_over or not self.filled(order).profile_kw
        if not order.profile_kw and order.status is not OrderStatus.CANCELLED and waits:
            self.untyped[order.job] = order

    def learn(self, power: JobPower, jobs: Jobs) -> bool:
        """Take one power, also for the jobs in `jobs` that wait for it; whether any of them has another load now."""
        known = self._by_product().get(power.key)
        if known is not None and known.revision >= power.revision:
            return False
        self.known = [one for one in self.known if one.key != power.key] + [power]
        if len(self.known) > MOST_PRODUCTS:
            self.known.remove(min(self.known[:-1], key=lambda one: (one.at_utc, one.key)))
        changed = False
        for order in [one for one in self.untyped.values() if (one.machine, one.product) == power.key]:
            plan = jobs.get(order.job)
            if plan is not None and plan.revision == order.revision:
                jobs[order.job] = with_learned_power(plan, self.filled(order))
                changed |= jobs[order.job] != plan
            if plan is None or order.status.is_over:
                del self.untyped[order.job]
        return changed

    def _by_product(self) -> dict[MachineProduct, JobPower]:
        return {power.key: power for power in self.known}
