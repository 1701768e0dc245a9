// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Beacon} from "base/Beacon.sol";
import {LogicToken} from "base/LogicToken.sol";
import {Proxy} from "base/Proxy.sol";

/// A token behind a beacon.
abstract contract BeaconProxy is Proxy {
    constructor(string memory name_, string memory symbol_, uint256 supply, address beaconOwner) {
        address logic = address(new LogicToken());
        _put(BEACON_SLOT, address(new Beacon(logic, beaconOwner)));
        _begin(logic, abi.encodeCall(LogicToken.initialize, (name_, symbol_, supply, msg.sender)));
    }

    function _implementation() internal view override returns (address) {
        return Beacon(_at(BEACON_SLOT)).implementation();
    }
}
