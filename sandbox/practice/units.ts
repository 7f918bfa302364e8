/** A compatible unit: what a crew installs, and what the price book asks for it in US dollars. */
export interface Unit {
  readonly code: string;
  readonly description: string;
  readonly price: number;
}

/** The price book at the beginning. Codes and prices are made up, of the size that such work has. */
export const UNITS: readonly Unit[] = [
  unit('POL-35-C5', 'Pole, wood, 35 ft class 5', 412.5),
  unit('POL-40-C4', 'Pole, wood, 40 ft class 4', 538.75),
  unit('POL-45-C3', 'Pole, wood, 45 ft class 3', 684.2),
  unit('XAR-8-W', 'Crossarm, wood, 8 ft', 96.4),
  unit('XAR-10-F', 'Crossarm, fibreglass, 10 ft', 188.15),
  unit('CON-1/0-AAC', 'Conductor, 1/0 AAC, 100 ft', 61.8),
  unit('CON-4/0-ACSR', 'Conductor, 4/0 ACSR, 100 ft', 104.35),
  unit('CON-2-DPX', 'Service drop, no. 2 duplex, 100 ft', 58.9),
  unit('TRF-25-1P', 'Transformer, 25 kVA, single phase', 1184),
  unit('TRF-50-1P', 'Transformer, 50 kVA, single phase', 1672.5),
  unit('GUY-38-DN', 'Down guy, 3/8 in', 84.25),
  unit('ANC-8-SCR', 'Anchor, screw, 8 in', 117.6),
  unit('CUT-15-100', 'Cutout, 15 kV, 100 A', 132.45),
  unit('ARR-9-DST', 'Arrester, 9 kV', 67.3),
  unit('INS-15-PIN', 'Insulator, pin, 15 kV', 14.85),
  unit('GND-58-8', 'Ground rod, 5/8 in x 8 ft', 31.1),
  unit('LGT-LED-70', 'Street light, LED, 70 W', 264.9),
  unit('REC-15-3P', 'Recloser, 15 kV, three phase', 3895),
  unit('RMV-POL', 'Removal of a pole', 221.4),
  unit('TRM-SPAN', 'Tree trimming, each span', 148),
];

function unit(code: string, description: string, price: number): Unit {
  return { code, description, price };
}
